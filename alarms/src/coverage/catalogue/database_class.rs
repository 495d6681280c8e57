//! Classes of database instances: processors and memory, from which thresholds follow. Families of which memory is a multiple of
//! processors in every size; what is not here is not known, and a definition file gives the threshold.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html>

/// What a class has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Class {
    pub(super) processors: f64,
    pub(super) memory_bytes: f64,
}

const GIB: f64 = 1_073_741_824.0;

impl Class {
    /// `DBInstanceClassMemory`, bytes, from which parameters follow: the operating system and RDS take their part, and AWS does not
    /// say how much. The tables of `max_connections`, which is `DBInstanceClassMemory` / 9 531 392 for PostgreSQL, tell: of 4 GiB
    /// and more at least 88 % are left (db.r5.large: 1600 of 1802), of 2 GiB 83 % (1 ACU of Aurora Serverless v2: 189 of 225). Of
    /// 1 GiB there is no table: 70 % are an estimate. Rather too little: an alarm that comes early is better than none.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Managing.html#AuroraPostgreSQL.Managing.MaxConnections>,
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html#aurora-serverless-v2.max-connections>
    pub(super) fn memory_of_the_database(self) -> f64 {
        let share = if self.memory_bytes >= 4.0 * GIB {
            0.88
        } else if self.memory_bytes >= 2.0 * GIB {
            0.83
        } else {
            0.7
        };
        self.memory_bytes * share
    }
}

/// Of `db.t4g.medium`, `db.r6g.2xlarge`, ...
pub(super) fn class(name: &str) -> Option<Class> {
    let mut parts = name.strip_prefix("db.")?.split('.');
    // A third part changes threads or memory: `db.r5.large.tpc1.mem2x`.
    let (family, size, None) = (parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let (processors, memory_gib) = match (family, size) {
        ("t2", "micro") => (1.0, 1.0),
        ("t2", "small") => (1.0, 2.0),
        ("t2" | "t3" | "t4g", _) => burstable(size)?,
        _ => {
            let processors = processors(size)?;
            (processors, processors * per_processor(family)?)
        }
    };
    Some(Class {
        processors,
        memory_bytes: memory_gib * GIB,
    })
}

fn burstable(size: &str) -> Option<(f64, f64)> {
    Some(match size {
        "micro" => (2.0, 1.0),
        "small" => (2.0, 2.0),
        "medium" => (2.0, 4.0),
        _ => {
            let processors = processors(size)?;
            (processors, processors * 4.0)
        }
    })
}

fn processors(size: &str) -> Option<f64> {
    match size {
        "medium" => Some(1.0),
        "large" => Some(2.0),
        "xlarge" => Some(4.0),
        _ => {
            let many: u32 = size.strip_suffix("xlarge")?.parse().ok()?;
            Some(f64::from(many) * 4.0)
        }
    }
}

/// GiB for each processor.
fn per_processor(family: &str) -> Option<f64> {
    let generation = family.chars().nth(1)?;
    match family.chars().next()? {
        'm' if ('4'..='8').contains(&generation) => Some(4.0),
        'r' if ('5'..='8').contains(&generation) => Some(8.0),
        'c' if family == "c6gd" => Some(2.0),
        'x' if family == "x2g" => Some(16.0),
        'z' if family == "z1d" => Some(8.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_the_user_guide() {
        let check = |name: &str, expect: Option<(f64, f64)>| {
            let found = class(name).map(|class| (class.processors, class.memory_bytes / GIB));
            assert_eq!(found, expect, "{name}");
        };
        check("db.t3.micro", Some((2.0, 1.0)));
        check("db.t2.micro", Some((1.0, 1.0)));
        check("db.t4g.medium", Some((2.0, 4.0)));
        check("db.t4g.2xlarge", Some((8.0, 32.0)));
        check("db.m6g.large", Some((2.0, 8.0)));
        check("db.m7i.16xlarge", Some((64.0, 256.0)));
        check("db.r6g.4xlarge", Some((16.0, 128.0)));
        check("db.x2g.large", Some((2.0, 32.0)));
        check("db.c6gd.medium", Some((1.0, 2.0)));
        // 15.25 GiB: no multiple.
        check("db.r4.large", None);
        check("db.r5.large.tpc1.mem2x", None);
        check("db.serverless", None);
        check("", None);
    }

    #[test]
    fn memory_of_the_database_is_as_the_tables_of_connections_tell() {
        let check = |name: &str, connections: f64| {
            let found = class(name).map(|class| class.memory_of_the_database() / 9_531_392.0);
            let found = found.unwrap_or_else(|| panic!("{name}"));
            assert!(
                found <= connections,
                "{name}: {found} are more than {connections}"
            );
            assert!(
                found > 0.9 * connections,
                "{name}: {found} are far fewer than {connections}"
            );
        };
        check("db.t4g.medium", 405.0);
        check("db.t3.medium", 420.0);
        check("db.t3.large", 844.0);
        check("db.r5.large", 1600.0);
        check("db.r5.xlarge", 3300.0);
        check("db.r6g.large", 1722.0);
        check("db.r6g.xlarge", 3479.0);
        // 1 ACU has 2 GiB, as has this class.
        check("db.t3.small", 189.0);
    }
}
