//! What people call things: the middle part of alarms' names.

use super::kind::ResourceKind;

/// `shopfast-order-service` → `order-service`, the table `shopfast-orders` → `orders-table`. `name` is the resource's name or,
/// when it is generated, its logical ID.
pub(crate) fn short(group: &str, kind: ResourceKind, name: &str) -> String {
    let kebab = kebab(name);
    let without_group = kebab
        .strip_prefix(group)
        .map_or(kebab.as_str(), |rest| rest.trim_start_matches('-'));
    let suffix = kind.suffix();
    if without_group.is_empty() {
        return if suffix.is_empty() {
            kebab
        } else {
            suffix.to_owned()
        };
    }
    let is_said = suffix.is_empty() || without_group.split('-').next_back() == Some(suffix);
    if is_said {
        return without_group.to_owned();
    }
    format!("{without_group}-{suffix}")
}

/// Lower case, words with `-` between them: `OrderDlq` → `order-dlq`, `/aws/lambda/orders` → `orders`.
fn kebab(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut result = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && was_lower {
                result.push('-');
            }
            was_lower = !c.is_ascii_uppercase();
            result.push(c.to_ascii_lowercase());
        } else {
            was_lower = false;
            if !result.is_empty() && !result.ends_with('-') {
                result.push('-');
            }
        }
    }
    result.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_say() {
        let check =
            |kind, name: &str, expect: &str| assert_eq!(short("shopfast", kind, name), expect, "{name}");
        check(ResourceKind::Function, "shopfast-order-service", "order-service");
        check(ResourceKind::Table, "shopfast-orders", "orders-table");
        check(ResourceKind::DeadLetterQueue, "shopfast-order-dlq", "order-dlq");
        check(
            ResourceKind::Queue,
            "shopfast-inventory-analytics",
            "inventory-analytics-queue",
        );
        check(ResourceKind::Api, "shopfast", "api");
        check(
            ResourceKind::LogGroup,
            "/aws/lambda/shopfast-order-service",
            "order-service-logs",
        );
        check(ResourceKind::Queue, "OrderQueue", "order-queue");
        check(ResourceKind::Function, "Other_Function.v2", "other-function-v2");
    }
}
