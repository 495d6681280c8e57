//! The mails of a drill as files, for somebody who wants to read what on-call would.

use std::path::Path;
use std::{fs, io};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use ops_drill::{ReceivedMail, concerns};

use super::batch::Ran;
use crate::exit::{Exit, Failure};

/// Makes the folder, so that whoever names one that cannot be written is told before the first drill.
pub(super) fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|cause| {
        let attempted = format!("make the folder for mails {}", folder.display());
        Failure::new(Exit::Usage, attempted).caused_by(cause)
    })
}

/// Writes them into a folder with the drill's name, numbered in the order in which they came. Mails of an earlier run go, and nothing else
/// that lies there.
pub(super) fn keep(folder: &Path, ran: &Ran<'_>) -> anyhow::Result<()> {
    let folder = folder.join(&ran.drill.name);
    let own = ran.observed.mails.iter().filter(|mail| concerns(mail, ran.drill));
    write(&folder, own).with_context(|| format!("write mails into {}", folder.display()))
}

fn write<'m>(folder: &Path, mails: impl Iterator<Item = &'m ReceivedMail>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_mail) {
            fs::remove_file(entry.path())?;
        }
    }
    for (at, mail) in mails.enumerate() {
        fs::write(folder.join(file_name(at + 1, mail)), text(mail))?;
    }
    Ok(())
}

/// As [`file_name`] makes them.
fn is_mail(name: &str) -> bool {
    let number = name.split_once('-').map_or("", |(number, _)| number);
    number.len() > 1 && number.bytes().all(|byte| byte.is_ascii_digit()) && name.ends_with(".txt")
}

/// The number, and the word with which the subject begins.
fn file_name(number: usize, mail: &ReceivedMail) -> String {
    let word: String = mail
        .subject
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    format!("{number:02}-{}.txt", word.to_lowercase())
}

fn text(mail: &ReceivedMail) -> String {
    let date = mail
        .at
        .to_zoned(TimeZone::UTC)
        .strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "Subject: {}\nDate: {date}\n\n{}\n",
        mail.subject,
        mail.text.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_a_file_with_its_subject() {
        let mail = |subject: &str| ReceivedMail {
            at: "2026-11-27T02:00:05Z".parse().unwrap(),
            subject: subject.to_owned(),
            text: "WHAT\r\nIt broke.\n\n".to_owned(),
        };
        let check = |subject: &str, expected: &str| assert_eq!(file_name(3, &mail(subject)), expected);
        check("PAGE shop: 12 errors", "03-page.txt");
        check("OK: a", "03-ok.txt");
        check("../../etc", "03-.txt");
        assert_eq!(
            text(&mail("PAGE shop")),
            "Subject: PAGE shop\nDate: Fri, 27 Nov 2026 02:00:05 +0000\n\nWHAT\r\nIt broke.\n"
        );
    }

    #[test]
    fn mails_of_an_earlier_run_go_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for name in ["01-page.txt", "117-.txt", "notes.txt", "1-a.txt", "02-page.html"] {
            fs::write(folder.join(name), "").unwrap();
        }
        write(folder, std::iter::empty()).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["02-page.html", "1-a.txt", "notes.txt"]);
    }
}
