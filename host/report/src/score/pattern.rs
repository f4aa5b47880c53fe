//! Patterns of rules, and a region's changes laid over the shipped scheme.

/// How closely a pattern fits: length of its beginning without a star, length of the whole.
pub(super) type Fit = (usize, usize);

pub(super) fn prefix(pattern: &str) -> usize {
    pattern.find('*').unwrap_or(pattern.len())
}

/// Whether a rule fits a pattern in which `*` stands for anything.
pub(super) fn fits(pattern: &str, rule: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == rule,
        Some((head, rest)) => rule.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len()).any(|skip| tail.is_char_boundary(skip) && fits(rest, &tail[skip..]))
        }),
    }
}

pub(super) fn lay_over(below: &mut toml::Table, above: toml::Table) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(name, value);
            }
        }
    }
}
