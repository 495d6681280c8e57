//! What CloudWatch Logs has of regular expressions: no groups.

/// Why it is refused.
pub(super) fn check(text: &str) -> Result<(), String> {
    let (mut is_escaped, mut in_class) = (false, false);
    for sign in text.chars() {
        match sign {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' | ')' if !in_class => {
                return Err(format!(
                    "the regular expression %{text}% has {sign}: CloudWatch Logs knows no groups"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}
