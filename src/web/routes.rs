//! Every path of the pages, in one place: the same type is routed and builds the links in mails and on pages.

/// Where this installation is reached from outside, as its configuration says it and as nothing else does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    scheme: String,
    authority: String,
    prefix: String,
}

/// An address that pages cannot be served under.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no public address: write `https://host.example` or `https://host.example/path`")]
pub struct BadSite(pub String);

impl Site {
    /// Takes `https://host[:port][/prefix]` apart; no user, no query, no fragment.
    ///
    /// # Errors
    /// It is anything else.
    pub fn parse(url: &str) -> Result<Self, BadSite> {
        let bad = || BadSite(url.to_owned());
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(bad)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |text: &str, more: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.as_bytes().contains(&byte))
        };
        let path = path.trim_end_matches('/');
        let whole = ["http", "https"].contains(&scheme)
            && !authority.is_empty()
            && plain(authority, ".-:[]")
            && plain(path, "/-_.~")
            && (path.is_empty() || path.split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
        if !whole {
            return Err(bad());
        }
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Self { scheme: scheme.to_owned(), authority: authority.to_ascii_lowercase(), prefix })
    }

    /// The origin as browsers say it: `https://host`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.bare_authority())
    }

    /// The path under which everything lies: empty, or `/chancery`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a `Host` header names this installation; the scheme's own port may be written or not.
    pub fn is_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        host == self.authority
            || host == self.bare_authority()
            || host == format!("{}{}", self.bare_authority(), self.own_port())
    }

    fn own_port(&self) -> &'static str {
        if self.scheme == "https" { ":443" } else { ":80" }
    }

    fn bare_authority(&self) -> &str {
        self.authority.strip_suffix(self.own_port()).unwrap_or(&self.authority)
    }
}

/// A path with holes, as it is routed and as it stands in the access log: never a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Who we are, in plain words.
    Home,
    /// Whether the parts of this process are well.
    Health,
    /// The one style sheet.
    Style,
    /// What one person is asked.
    Task,
    /// A paper of the dossier that a task belongs to.
    Paper,
    /// A paper that the workflow of a task draws up.
    Draft,
    /// A row of the list that a task belongs to.
    Row,
    /// A paper of such a row.
    RowPaper,
    /// The way of the dossier that a task belongs to.
    Way,
    /// All matters of one mail.
    Desk,
    /// A list that the reader of a mail brings.
    List,
    /// An empty one to be filled in.
    Template,
    /// A dossier as everybody may see it who has this address.
    Public,
    /// A paper of it.
    PublicPaper,
}

impl Route {
    /// All of them; tests walk this list.
    pub const ALL: [Self; 14] = [
        Self::Home,
        Self::Health,
        Self::Style,
        Self::Task,
        Self::Paper,
        Self::Draft,
        Self::Row,
        Self::RowPaper,
        Self::Way,
        Self::Desk,
        Self::List,
        Self::Template,
        Self::Public,
        Self::PublicPaper,
    ];

    /// The pattern below the prefix.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Health => "/health",
            Self::Style => "/style.css",
            Self::Task => "/l/{token}",
            Self::Paper => "/l/{token}/paper/{paper}",
            Self::Draft => "/l/{token}/draft/{kind}",
            Self::Row => "/l/{token}/row/{row}",
            Self::RowPaper => "/l/{token}/row/{row}/paper/{paper}",
            Self::Way => "/l/{token}/way",
            Self::Desk => "/d/{token}",
            Self::List => "/d/{token}/list/{workflow}",
            Self::Template => "/d/{token}/list/{workflow}/template.xlsx",
            Self::Public => "/p/{token}",
            Self::PublicPaper => "/p/{token}/paper/{paper}",
        }
    }
}

/// A page without holes, ready to be linked to. Tokens and ids are made of letters that need no escaping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Who we are.
    Home,
    /// What one person is asked.
    Task(&'a str),
    /// A paper.
    Paper {
        /// The task's token.
        token: &'a str,
        /// The paper's id.
        paper: &'a str,
    },
    /// A paper that the workflow draws up.
    Draft {
        /// The task's token.
        token: &'a str,
        /// The kind of paper.
        kind: &'a str,
    },
    /// All matters of one mail.
    Desk(&'a str),
    /// A list that the reader of a mail brings.
    List {
        /// The mail's token.
        token: &'a str,
        /// The workflow of its rows.
        workflow: &'a str,
    },
    /// An empty one to be filled in.
    Template {
        /// The mail's token.
        token: &'a str,
        /// The workflow of its rows.
        workflow: &'a str,
    },
    /// A dossier as everybody may see it who has this address.
    Public(&'a str),
    /// A paper of it.
    PublicPaper {
        /// The dossier's public token.
        token: &'a str,
        /// The paper's id.
        paper: &'a str,
    },
}

impl Place<'_> {
    /// The path from the host's root.
    pub fn path(&self, site: &Site) -> String {
        let below = match self {
            Self::Home => Route::Home.pattern().to_owned(),
            Self::Task(token) => Route::Task.pattern().replace("{token}", token),
            Self::Paper { token, paper } => Route::Paper.pattern().replace("{token}", token).replace("{paper}", paper),
            Self::Draft { token, kind } => Route::Draft.pattern().replace("{token}", token).replace("{kind}", kind),
            Self::Desk(token) => Route::Desk.pattern().replace("{token}", token),
            Self::List { token, workflow } => {
                Route::List.pattern().replace("{token}", token).replace("{workflow}", workflow)
            }
            Self::Template { token, workflow } => {
                Route::Template.pattern().replace("{token}", token).replace("{workflow}", workflow)
            }
            Self::Public(token) => Route::Public.pattern().replace("{token}", token),
            Self::PublicPaper { token, paper } => {
                Route::PublicPaper.pattern().replace("{token}", token).replace("{paper}", paper)
            }
        };
        format!("{}{below}", site.prefix)
    }

    /// The whole address, as a mail writes it.
    pub fn url(&self, site: &Site) -> String {
        format!("{}{}", site.origin(), self.path(site))
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Site};

    #[test]
    fn an_address_with_a_prefix_is_honoured_in_every_link() {
        let site = Site::parse("https://so.example:8443/ho-so/").expect("an address");
        assert_eq!(Place::Task("1-a-b").url(&site), "https://so.example:8443/ho-so/l/1-a-b");
        assert_eq!(Place::Paper { token: "t", paper: "p" }.path(&site), "/ho-so/l/t/paper/p");
        assert_eq!(Place::Home.url(&Site::parse("http://a.example").expect("an address")), "http://a.example/");
    }

    #[test]
    fn only_its_own_host_is_a_host() {
        let site = Site::parse("https://So.example").expect("an address");
        for host in ["so.example", "SO.example", "so.example:443"] {
            assert!(site.is_host(host), "{host}");
        }
        for host in ["so.example:80", "evil.example", "so.example.evil.example", "so.example@evil", "", "so.example:"] {
            assert!(!site.is_host(host), "{host}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["so.example", "ftp://a", "https://", "https://a@b", "https://a?b", "https://a/../b", "https://a//b"]
        {
            assert!(Site::parse(url).is_err(), "{url}");
        }
    }
}
