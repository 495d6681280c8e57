//! Where the instructions of a warm invocation are spent: by crate that the source belongs to (inlined code counts for where
//! it was written, not for where it ended up), as the difference of two runs under callgrind. Their files are kept for
//! `callgrind_annotate`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Failed;
use crate::function::Event;
use crate::options::Effort;
use crate::programs::{Program, target};
use crate::valgrind::{installed, under};

/// Less than this in an invocation is not told.
const LEAST: f64 = 200.0;

/// Prints a table per program and event.
pub(crate) async fn tell(programs: &[Program], effort: Effort, work: &Path) -> Result<(), Failed> {
    let valgrind = installed("valgrind").ok_or("valgrind is missing: apt-get install valgrind")?;
    let tool = format!("{} --tool=callgrind --callgrind-out-file=", valgrind.display());
    let kept = target()?.join("profile");
    for program in programs {
        for event in Event::ALL {
            let mut places = Vec::new();
            for invocations in [effort.warm_up, effort.warm_up + effort.counted] {
                let text = under(&tool, &program.path, event, invocations, work).await?;
                let file = kept.join(format!(
                    "{}-{}-{invocations}.callgrind",
                    program.name,
                    event.name()
                ));
                std::fs::write(&file, &text)?;
                eprintln!("{}", file.display());
                places.push(by_place(&text));
            }
            let [short, long] = places.as_slice() else {
                return Err("callgrind ran a wrong number of times".into());
            };
            println!(
                "\n{} {}: instructions per warm invocation",
                program.name,
                event.name()
            );
            print(short, long, effort.counted);
        }
    }
    Ok(())
}

type Places = BTreeMap<String, u64>;

fn print(short: &Places, long: &Places, counted: u32) {
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark fit 53 bits")]
    let mut spent: Vec<(&str, f64)> = long
        .iter()
        .map(|(place, count)| {
            let before = short.get(place).copied().unwrap_or_default();
            (
                place.as_str(),
                count.saturating_sub(before) as f64 / f64::from(counted),
            )
        })
        .filter(|(_, count)| *count >= LEAST)
        .collect();
    spent.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    for (place, count) in spent {
        println!("{count:>10.0}  {place}");
    }
}

/// Instructions by place. Callgrind's format: `fl=`, `fi=`, `fe=` name the file of the cost lines that follow, the first time
/// as `(7) path`, later as `(7)`; the line after `calls=` is the cost of the called function, which is told by itself.
fn by_place(profile: &str) -> Places {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut places = Places::new();
    let mut place = String::new();
    let mut is_call = false;
    for line in profile.lines() {
        if let Some((field, name)) = line.split_once('=') {
            let (id, path) = name.split_once(' ').unwrap_or((name, ""));
            if ["fl", "fi", "fe", "cfi", "cfl"].contains(&field) && !path.is_empty() {
                names.insert(id, crate_of(path));
            }
            match field {
                "fl" | "fi" | "fe" => place = names.get(id).cloned().unwrap_or_default(),
                "calls" => is_call = true,
                _ => {}
            }
        } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c))
            && !std::mem::take(&mut is_call)
        {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<u64>().ok());
            *places.entry(place.clone()).or_default() += cost.unwrap_or_default();
        }
    }
    places
}

/// `…/registry/src/…/serde_json-1.0.1/src/de.rs` is `serde_json`, ours is told by file.
fn crate_of(path: &str) -> String {
    if let Some((_, path)) = path.split_once("/registry/src/") {
        let package = path.split('/').nth(1).unwrap_or(path);
        return package
            .rsplit_once('-')
            .map_or(package, |(name, _)| name)
            .to_owned();
    }
    if let Some((_, path)) = path.split_once("/library/") {
        let mut parts = path.split('/');
        return format!("std: {}", parts.find(|part| *part != "src").unwrap_or(path));
    }
    if let Some((_, path)) = path.split_once("telemetry/") {
        return format!("telemetry/{path}");
    }
    if path.contains(".so") || path == "???" {
        return "libc and others without sources".to_owned();
    }
    path.to_owned()
}
