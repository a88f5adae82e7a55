//! The shipped workflows, their directories and scripts, as they stood when the binary was built.

use crate::source::SourceFile;

/// A shipped file.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// Its path below `workflows/`.
    pub path: &'static str,
    /// Its content.
    pub text: &'static str,
}

/// All of them, sorted by path.
pub const ALL: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/workflows.rs"));

/// The content of a shipped file.
pub fn text(path: &str) -> Option<&'static str> {
    ALL.iter().find(|file| file.path == path).map(|file| file.text)
}

/// Everything that `included` of [`check_files`](crate::machine::check::check_files) may be asked for in a folder.
pub fn beside(folder: &str) -> impl Fn(&str) -> Option<SourceFile> {
    move |name| text(&format!("{folder}/{name}")).map(|text| SourceFile::new(name, text))
}

/// The workflows in a folder: files that name one.
pub fn workflows(folder: &str) -> impl Iterator<Item = SourceFile> {
    let is_workflow = |text: &str| {
        text.lines().any(|line| line.starts_with("workflow:")) && text.lines().any(|line| line.starts_with("chancery:"))
    };
    inside(folder)
        .filter(move |file| is_workflow(file.text))
        .map(|file| SourceFile::new(file.path.rsplit('/').next().unwrap_or(file.path), file.text))
}

/// The folder that `chancery demo` shows: the one with a script beside its workflows.
pub fn shown() -> &'static str {
    ALL.iter().find_map(|file| file.path.strip_suffix("/play.yaml")).unwrap_or_default()
}

/// The files right inside a folder.
pub fn inside(folder: &str) -> impl Iterator<Item = &'static Embedded> {
    ALL.iter().filter(move |file| {
        file.path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).is_some_and(|name| !name.contains('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::{ALL, beside, inside, shown, text, workflows};

    #[test]
    fn the_binary_carries_the_shown_workflow_with_its_directory() {
        assert!(!shown().is_empty());
        assert!(inside(shown()).any(|file| file.path.ends_with("/play.yaml")));
        assert!(text(&format!("{}/directory/people.csv", shown())).is_some());
        let mains: Vec<String> = workflows(shown()).map(|file| file.name).collect();
        assert!(mains.len() > 1 && mains.iter().all(|name| beside(shown())(name).is_some()), "{mains:?}");
        assert!(ALL.windows(2).all(|pair| pair[0].path < pair[1].path));
    }
}
