//! What all SVG here shares: escaping, numbers, text widths, the frame and its style.

use std::fmt::Write;

/// The classes of every drawing. A page that holds one says other colours for a dark screen.
const STYLE: &str = include_str!("../style/chart.css");
/// A file has no dark screen, and programs that draw it may know no variables.
const LIGHT: [(&str, &str); 14] = [
    ("var(--paper)", "#ffffff"),
    ("var(--ink)", "#1f2328"),
    ("var(--dim)", "#59636e"),
    ("var(--line)", "#d8dee4"),
    ("var(--s0)", "#0969da"),
    ("var(--s1)", "#bf5b04"),
    ("var(--s2)", "#1a7f37"),
    ("var(--s3)", "#8250df"),
    ("var(--s4)", "#cf222e"),
    ("var(--s5)", "#1b7c83"),
    ("var(--s6)", "#9a6700"),
    ("var(--s7)", "#6e7781"),
    ("var(--hit)", "#0969da"),
    ("var(--miss)", "#cf222e"),
];

/// Number of colours for lines.
pub(crate) const COLOURS: usize = 8;

/// Text that is safe in HTML and SVG, also in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // No control character may be in XML.
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// At most so many characters, the last a dot where some are left out.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most.saturating_sub(1)).chain(['…']).collect() }
}

/// A coordinate: a tenth of a pixel is enough, and keeps the files small.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{:.1}", (value * 10.0).round() / 10.0 + 0.0);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// About how wide a text is, in pixels. Letters are taken wider than they are on the average.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 0.6 } else { 0.75 }).sum::<f64>() * size
}

/// A text element.
pub(crate) fn text(into: &mut String, [x, y]: [f64; 2], class: &str, anchor: &str, content: &str) {
    // Writing to a string cannot fail.
    let _ok =
        writeln!(into, r#"<text x="{}" y="{}" class="{class}" text-anchor="{anchor}">{}</text>"#, number(x), number(y), escape(content));
}

/// A drawing for a page, which has the style.
pub(crate) fn inline([width, height]: [f64; 2], title: &str, body: &str) -> String {
    let (width, height, title) = (number(width), number(height), escape(title));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">\n{body}</svg>\n"
    )
}

/// A drawing as a file of its own, light.
pub(crate) fn file([width, height]: [f64; 2], title: &str, body: &str) -> String {
    let style = LIGHT.iter().fold(STYLE.to_owned(), |style, (name, colour)| style.replace(name, colour));
    let (width, height, title) = (number(width), number(height), escape(title));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{title}</title>\n<style>\n{style}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n"
    )
}

/// The style of the drawings, for a page.
pub(crate) fn style() -> &'static str {
    STYLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_made_safe_and_short() {
        assert_eq!(escape("<a href=\"x\">&'\u{7}"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39; ");
        assert_eq!([shorten("abc", 3), shorten("abcd", 3), shorten("äöüß", 2)], ["abc", "ab…", "ä…"]);
        assert_eq!([number(1.0), number(1.26), number(-0.04)], ["1", "1.3", "0"]);
    }

    #[test]
    fn a_file_leaves_no_variable() {
        let text = file([10.0, 20.0], "t", "");
        assert!(!text.contains("var("), "{text}");
    }
}
