//! The mails that customers get, as text and HTML. Everything that came from outside is escaped; a subject has no line
//! breaks. Sending is an adapter's business.

use crate::money::Money;
use crate::order::OrderEvent;

/// Longest subject: what mail programs show.
const LONGEST_SUBJECT: usize = 120;

/// A mail without its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What a mail tells about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// What happened.
    pub event: OrderEvent,
    /// The order.
    pub order_id: &'a str,
    /// How the customer is addressed.
    pub first_name: &'a str,
    /// What it costs.
    pub total: Money,
    /// Under which number the carrier knows it.
    pub tracking_number: Option<&'a str>,
}

/// The mail for an event; `None` when the customer gets none.
#[must_use]
pub fn mail(told: &Told<'_>) -> Option<Mail> {
    if !told.event.is_mailed() {
        return None;
    }
    let (subject, body) = words(told);
    let paragraphs = [
        format!("Hello {},", told.first_name),
        body,
        "Your ShopFast team".to_owned(),
    ];
    let html: String = paragraphs
        .iter()
        .map(|p| format!("<p>{}</p>\n", escaped(p)))
        .collect();
    Some(Mail {
        subject: one_line(&subject),
        text: paragraphs.map(|p| one_line_each(&p)).join("\n\n") + "\n",
        html: format!("<!doctype html>\n<html><body>\n{html}</body></html>\n"),
    })
}

fn words(told: &Told<'_>) -> (String, String) {
    let Told { order_id, total, .. } = told;
    let tracking = told.tracking_number.unwrap_or("not known yet");
    match told.event {
        OrderEvent::Shipped => (
            format!("Your order {order_id} is on its way"),
            format!("your order {order_id} left our warehouse. Tracking number: {tracking}."),
        ),
        OrderEvent::Delivered => (
            format!("Your order {order_id} was delivered"),
            format!("your order {order_id} was delivered. We hope you like it."),
        ),
        OrderEvent::Failed => (
            format!("Your order {order_id} could not be completed"),
            format!(
                "your order {order_id} could not be completed. What you may have paid ({total}) is given back."
            ),
        ),
        OrderEvent::Created | OrderEvent::Updated | OrderEvent::Cancelled => (
            format!("Your order {order_id} was received"),
            format!("thank you for your order {order_id}. The total is {total}."),
        ),
    }
}

/// A header must not continue on a second line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_SUBJECT)
        .collect()
}

fn one_line_each(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Currency;

    fn told(event: OrderEvent, first_name: &str) -> Told<'_> {
        let total = Money::try_new(1999, Currency::Usd).unwrap();
        Told {
            event,
            order_id: "o-1",
            first_name,
            total,
            tracking_number: Some("T-1"),
        }
    }

    #[test]
    fn every_mail_says_what_happened() {
        for (event, subject, word) in [
            (OrderEvent::Created, "Your order o-1 was received", "19.99 USD"),
            (OrderEvent::Shipped, "Your order o-1 is on its way", "T-1"),
            (OrderEvent::Delivered, "Your order o-1 was delivered", "delivered"),
            (
                OrderEvent::Failed,
                "Your order o-1 could not be completed",
                "given back",
            ),
        ] {
            let mail = mail(&told(event, "Ada")).unwrap();
            assert_eq!(mail.subject, subject);
            assert!(
                mail.text.contains(word) && mail.html.contains(word) && mail.text.starts_with("Hello Ada,")
            );
        }
        assert_eq!(mail(&told(OrderEvent::Updated, "Ada")), None);
        assert_eq!(mail(&told(OrderEvent::Cancelled, "Ada")), None);
    }

    #[test]
    fn what_came_from_outside_is_escaped() {
        let mail = mail(&told(OrderEvent::Created, "<script>alert('x')</script>")).unwrap();
        assert!(!mail.html.contains("<script>") && mail.html.contains("&lt;script&gt;"));
    }

    proptest! {
        #[test]
        fn no_name_breaks_out(name in "(?s).{0,60}") {
            let mail = mail(&told(OrderEvent::Created, &name)).unwrap();
            prop_assert!(!mail.subject.chars().any(char::is_control));
            prop_assert_eq!(mail.html.matches('<').count(), 11);
        }
    }
}
