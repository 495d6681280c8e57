//! Where widgets stand in the text of a body: a finding names a line.

use infra::Place;

/// Lines and columns of widgets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    /// Of the body.
    body: (usize, usize),
    widgets: Vec<(usize, usize)>,
}

impl Places {
    /// One place for all: the text is folded into a template.
    pub(super) fn at(place: Place) -> Self {
        Self {
            body: (place.line, place.column),
            widgets: Vec::new(),
        }
    }

    /// Where a path begins: `/widgets/3/properties`.
    pub(super) fn of_path(&self, path: &str) -> (usize, usize) {
        let place = path.strip_prefix("/widgets/");
        let place = place.and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        place
            .and_then(|place| self.widgets.get(place).copied())
            .unwrap_or(self.body)
    }
}

/// The places of the objects in `widgets` of a body's text, which may be no JSON at all.
pub(super) fn of(text: &str) -> Places {
    let mut places = Places {
        body: (1, 1),
        widgets: Vec::new(),
    };
    let (mut line, mut column) = (1, 0);
    // Brackets that are open, and the last text at the outermost level: a name.
    let (mut open, mut name) = (Vec::new(), String::new());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        column += 1;
        match c {
            '\n' => (line, column) = (line + 1, 0),
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                if quoted && open.len() == 1 {
                    name.clear();
                }
            }
            _ if quoted && open.len() == 1 => name.push(c),
            _ if quoted => {}
            '{' | '[' => {
                if c == '{' && open == ['{', '['] && name == "widgets" {
                    places.widgets.push((line, column));
                }
                open.push(c);
            }
            '}' | ']' => {
                open.pop();
            }
            _ => {}
        }
    }
    places
}
