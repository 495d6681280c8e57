//! How wide text is. A reader's font may differ a little: the families of `style` have nearly these widths.

/// Thousandths of the size, of the characters from space to tilde in DejaVu Sans.
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
/// Of characters that are not in the table.
const OTHER: u16 = 700;
/// How much wider the bold font is, in per cent.
const BOLD: u32 = 112;

/// Pixels of a text on one line.
pub(super) fn width(text: &str, size: u32, bold: bool) -> u32 {
    let thousandths: u32 = text
        .chars()
        .map(|c| {
            let place = (c as usize).checked_sub(32);
            u32::from(
                place
                    .and_then(|place| WIDTHS.get(place))
                    .copied()
                    .unwrap_or(OTHER),
            )
        })
        .fold(0, u32::saturating_add);
    let share = if bold { BOLD } else { 100 };
    u32::try_from(u64::from(thousandths) * u64::from(size) * u64::from(share) / 100_000).unwrap_or(u32::MAX)
        + 1
}

/// The text, or as much of it as there is room for, with an ellipsis.
pub(super) fn fitted(text: &str, room: u32, size: u32, bold: bool) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if width(&text, size, bold) <= room {
        return text;
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, size, bold) + width("…", size, bold) > room {
            kept.pop();
            break;
        }
    }
    let kept = kept.trim_end();
    format!("{kept}…")
}

/// Plain text on lines that have room, broken between words.
pub(super) fn broken(text: &str, room: u32, size: u32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, false) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
