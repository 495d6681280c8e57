//! A page for a browser: the same words, commands in boxes of which one click selects all.
//!
//! Nothing of a page is taken for markup but Markdown's own, nothing is fetched, and no script runs.

use std::iter::once;

use pulldown_cmark::html::push_html;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::links::Anchors;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<style>\n\
:root{color-scheme:light dark}\n\
body{font:17px/1.5 sans-serif;max-width:48em;margin:1.5em auto;padding:0 1em;overflow-wrap:anywhere}\n\
h1{font-size:1.4em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #8886}h3{font-size:1em;margin-top:1.6em}\n\
table{border-collapse:collapse;font-size:.85em}td{padding:.25em .6em;border-top:1px solid #8886;vertical-align:top}\n\
code{font:.85em/1.4 monospace;background:#8882;padding:.1em .3em}\n\
pre{background:#8882;padding:.6em;white-space:pre-wrap;user-select:all}pre code{background:none;padding:0}\n\
.changes{border-left:4px solid #c33;padding-left:.6em}.changes::before{content:\"This changes something.\";color:#c33}\n\
</style>\n";

/// Lays out a page. `command` says what is typed for a command of the page, such as the same with placeholders bound.
///
/// ```
/// let page = "# a\n\n## Mitigation\n\n### <b>Try</b>\n\n```sh changes\necho {{x}}\n```\n";
/// let html = runbooks::html::html("a", page, &|command| command.replace("{{x}}", "'<i>'"));
/// assert!(html.contains("<title>a</title>"));
/// assert!(html.contains("<h3 id=\"btryb\">&lt;b&gt;Try&lt;/b&gt;</h3>"));
/// assert!(html.contains("<div class=\"changes\">"));
/// assert!(html.contains("echo '&lt;i&gt;'"));
/// ```
#[must_use]
pub fn html(title: &str, text: &str, command: &dyn Fn(&str) -> String) -> String {
    let mut events = commands(Parser::new_ext(text, Options::ENABLE_TABLES), command);
    name_headings(&mut events);
    document(title, events.into_iter().filter_map(harmless))
}

/// Which pages there are.
#[must_use]
pub fn index<'a>(title: &str, names: impl Iterator<Item = &'a str>) -> String {
    let list: String = names.map(|name| format!("* [{name}]({name}.md)\n")).collect();
    document(title, Parser::new(&list).filter_map(harmless))
}

fn document<'a>(title: &str, body: impl Iterator<Item = Event<'a>>) -> String {
    let mut out = HEAD.to_owned();
    out.push_str("<title>");
    push_html(&mut out, once(Event::Text(title.into())));
    out.push_str("</title>\n<body>\n");
    push_html(&mut out, body);
    out.push_str("</body>\n</html>\n");
    out
}

/// The events of a page, its commands as they are typed, and those that change something in a frame.
fn commands<'a>(parser: Parser<'a>, command: &dyn Fn(&str) -> String) -> Vec<Event<'a>> {
    let mut events = Vec::new();
    // In a block: is it typed, does it change something, what it says.
    let mut block: Option<(bool, bool, String)> = None;
    for event in parser {
        match (event, &mut block) {
            (Event::Start(Tag::CodeBlock(kind)), _) => {
                let (typed, changes) = kind_of(&kind);
                if changes {
                    events.push(Event::Html(CowStr::Borrowed("<div class=\"changes\">\n")));
                }
                block = Some((typed, changes, String::new()));
                events.push(Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)));
            }
            (Event::End(TagEnd::CodeBlock), Some((typed, changes, text))) => {
                let shown = if *typed {
                    command(text.trim_end())
                } else {
                    text.clone()
                };
                let changes = *changes;
                events.extend([Event::Text(shown.into()), Event::End(TagEnd::CodeBlock)]);
                if changes {
                    events.push(Event::Html(CowStr::Borrowed("</div>\n")));
                }
                block = None;
            }
            (Event::Text(words), Some((_, _, text))) => text.push_str(&words),
            // What a page has of HTML is shown as it is written; comments are for whoever edits it.
            (Event::Html(words) | Event::InlineHtml(words), _) => {
                if !words.trim_start().starts_with("<!--") {
                    events.push(Event::Text(words));
                }
            }
            (event, _) => events.push(event),
        }
    }
    events
}

fn kind_of(kind: &CodeBlockKind<'_>) -> (bool, bool) {
    match kind {
        CodeBlockKind::Fenced(info) => (
            matches!(info.trim(), "sh" | "sh changes"),
            info.trim() == "sh changes",
        ),
        CodeBlockKind::Indented => (false, false),
    }
}

/// Gives each heading the name by which links call it.
fn name_headings(events: &mut [Event<'_>]) {
    let mut anchors = Anchors::default();
    let mut begun = 0;
    let mut title = String::new();
    for at in 0..events.len() {
        let name = match &events[at] {
            Event::Start(Tag::Heading { .. }) => {
                begun = at;
                title.clear();
                None
            }
            Event::Text(words) | Event::Code(words) => {
                title.push_str(words);
                None
            }
            Event::End(TagEnd::Heading(_)) => Some(anchors.next(title.trim())),
            _ => None,
        };
        if let (Some(name), Event::Start(Tag::Heading { id, .. })) = (name, &mut events[begun]) {
            *id = Some(name.into());
        }
    }
}

/// Links lead to pages, to headings and to the web; a picture would be fetched.
fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let dest_url = if leads_somewhere(&dest_url) {
                dest_url
            } else {
                "#".into()
            };
            Some(Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }))
        }
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        event => Some(event),
    }
}

fn leads_somewhere(to: &str) -> bool {
    let is_relative = !to.contains(':') && !to.starts_with("//");
    is_relative || to.starts_with("https://") || to.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn body(page: &str) -> String {
        let whole = html("a-b", page, &|command| command.replace("{{x}}", "y"));
        let (_, body) = whole.split_once("<body>\n").unwrap();
        body.to_owned()
    }

    #[test]
    fn a_page_is_laid_out() {
        let page = "# a-b\n\n<!-- x -->\n\n| | |\n|---|---|\n| Fires | at *once* |\n\n## Diagnosis\n### Look\nSee [this](#look), \
            [that](b.md#look).\n\n```sh\na {{x}} \\\n  b\n```\n\n* if contains `c`: it is c\n\n### Look\n```sh changes\ne '&'\n```\n";
        expect![[r##"
            <h1 id="a-b">a-b</h1>
            <table><thead><tr><th></th><th></th></tr></thead><tbody>
            <tr><td>Fires</td><td>at <em>once</em></td></tr>
            </tbody></table>
            <h2 id="diagnosis">Diagnosis</h2>
            <h3 id="look">Look</h3>
            <p>See <a href="#look">this</a>, <a href="b.md#look">that</a>.</p>
            <pre><code>a y \
              b</code></pre>
            <ul>
            <li>if contains <code>c</code>: it is c</li>
            </ul>
            <h3 id="look-1">Look</h3>
            <div class="changes">
            <pre><code>e '&amp;'</code></pre>
            </div>
            </body>
            </html>
        "##]]
        .assert_eq(&body(page));
    }

    #[test]
    fn nothing_of_a_page_is_markup_of_its_own() {
        let page = "# a\n\n<script>alert(1)</script>\n\nb <img src=x onerror=alert(1)> [c](javascript:alert(1)) \
            [d](//evil.example) ![e](https://evil.example/x.png) [f](https://docs.aws.amazon.com/)\n\n```html\n<b>\n```\n";
        let body = body(page);
        for never in ["<script", "<img", "javascript:", "//evil.example", "<b>"] {
            assert!(!body.contains(never), "{never} in {body}");
        }
        assert!(body.contains("href=\"https://docs.aws.amazon.com/\""), "{body}");
    }

    #[test]
    fn an_index_links_every_page() {
        let whole = index("shop", ["shop-a", "shop-b"].into_iter());
        assert!(whole.contains("<title>shop</title>"));
        assert!(whole.contains("<a href=\"shop-b.md\">shop-b</a>"), "{whole}");
    }
}
