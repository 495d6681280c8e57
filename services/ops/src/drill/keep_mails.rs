//! The mails of a drill as files, for somebody who wants to read what on-call would.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use jiff::tz::TimeZone;
use ops_drill::{ReceivedMail, concerns};

use super::batch::Ran;

/// Writes them into a folder with the drill's name, numbered in the order in which they came. What lay there of an earlier run goes.
pub(super) fn keep(folder: &Path, ran: &Ran<'_>) -> anyhow::Result<()> {
    let folder = folder.join(&ran.drill.name);
    let written = || -> std::io::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let own = ran.observed.mails.iter().filter(|mail| concerns(mail, ran.drill));
        for (at, mail) in own.enumerate() {
            fs::write(folder.join(file_name(at + 1, mail)), text(mail))?;
        }
        Ok(())
    };
    written().with_context(|| format!("write mails into {}", folder.display()))
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
}
