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

    /// Whether it is reached over TLS.
    pub fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// The port that it is reached at.
    pub fn port(&self) -> u16 {
        let own = if self.is_tls() { 443 } else { 80 };
        self.authority[self.host().len()..].trim_start_matches(':').parse().unwrap_or(own)
    }

    /// Host and port as browsers say them in a `Host` header.
    pub fn authority(&self) -> &str {
        self.bare_authority()
    }

    /// The name of the host, without its port.
    pub fn host(&self) -> &str {
        let end = self.authority.rfind(':').filter(|at| !self.authority[*at..].contains(']'));
        &self.authority[..end.unwrap_or(self.authority.len())]
    }

    /// Whether it can be reached on this machine only: there a browser takes a cookie without TLS.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host == "[::1]" || host.parse().is_ok_and(|host: std::net::Ipv4Addr| host.is_loopback())
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
    /// The same for whoever is signed in.
    OwnList,
    /// An empty one.
    OwnTemplate,
    /// Where whoever is signed in opens a dossier.
    Start,
    /// A dossier as everybody may see it who has this address.
    Public,
    /// A paper of it.
    PublicPaper,
    /// Where somebody from outside asks for a link by which to open a dossier.
    Call,
    /// Where that link leads.
    Opening,
    /// Where people sign in.
    SignIn,
    /// All that waits for whoever is signed in.
    Inbox,
    /// Numbers that somebody who is signed in may give.
    Pins,
    /// Where whoever is signed in says that they will be away.
    Away,
    /// Mails that did not arrive, for who keeps the office's mail.
    Mails,
    /// Where the reader of a mail says that they will be away.
    DeskAway,
    /// The dossiers that whoever is signed in may see.
    Dossiers,
    /// One of them.
    Dossier,
    /// A paper of it.
    DossierPaper,
    /// A paper that its workflow draws up.
    DossierDraft,
    /// Its way.
    DossierWay,
}

impl Route {
    /// All of them; tests walk this list.
    pub const ALL: [Self; 30] = [
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
        Self::OwnList,
        Self::OwnTemplate,
        Self::Start,
        Self::Public,
        Self::PublicPaper,
        Self::Call,
        Self::Opening,
        Self::SignIn,
        Self::Inbox,
        Self::Pins,
        Self::Away,
        Self::Mails,
        Self::DeskAway,
        Self::Dossiers,
        Self::Dossier,
        Self::DossierPaper,
        Self::DossierDraft,
        Self::DossierWay,
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
            Self::OwnList => "/me/list/{workflow}",
            Self::OwnTemplate => "/me/list/{workflow}/template.xlsx",
            Self::Start => "/me/start/{workflow}",
            Self::Public => "/p/{token}",
            Self::PublicPaper => "/p/{token}/paper/{paper}",
            Self::Call => "/start/{workflow}",
            Self::Opening => "/s/{token}",
            Self::SignIn => "/in",
            Self::Inbox => "/me",
            Self::Pins => "/me/pins/{dossier}",
            Self::Away => "/me/away",
            Self::Mails => "/me/mails",
            Self::DeskAway => "/d/{token}/away",
            Self::Dossiers => "/me/dossiers",
            Self::Dossier => "/me/dossiers/{dossier}",
            Self::DossierPaper => "/me/dossiers/{dossier}/paper/{paper}",
            Self::DossierDraft => "/me/dossiers/{dossier}/draft/{kind}",
            Self::DossierWay => "/me/dossiers/{dossier}/way",
        }
    }

    /// Whether it is served where nothing but mailed links is (`chancery web --only links`), besides what those pages need.
    pub fn is_of_links(self) -> bool {
        !matches!(self, Self::Home | Self::SignIn) && !self.pattern().starts_with(Self::Inbox.pattern())
    }
}

/// A page without holes, ready to be linked to. Tokens and ids are made of letters that need no escaping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Who we are.
    Home,
    /// Whether the parts of this process are well.
    Health,
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
    /// The same for whoever is signed in.
    OwnList(&'a str),
    /// An empty one.
    OwnTemplate(&'a str),
    /// Where whoever is signed in opens a dossier of this workflow.
    Start(&'a str),
    /// A dossier as everybody may see it who has this address.
    Public(&'a str),
    /// Where somebody from outside asks for a link by which to open a dossier of this workflow.
    Call(&'a str),
    /// Where that link leads.
    Opening(&'a str),
    /// Where people sign in.
    SignIn,
    /// All that waits for whoever is signed in.
    Inbox,
    /// Numbers that somebody who is signed in may give, for this dossier.
    Pins(&'a str),
    /// Where whoever is signed in says that they will be away.
    Away,
    /// Mails that did not arrive, for who keeps the office's mail.
    Mails,
    /// Where the reader of a mail says that they will be away.
    DeskAway(&'a str),
    /// The dossiers that whoever is signed in may see.
    Dossiers,
    /// One of them.
    Dossier(&'a str),
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
            Self::Health => Route::Health.pattern().to_owned(),
            Self::SignIn => Route::SignIn.pattern().to_owned(),
            Self::Inbox => Route::Inbox.pattern().to_owned(),
            Self::Away => Route::Away.pattern().to_owned(),
            Self::Mails => Route::Mails.pattern().to_owned(),
            Self::Dossiers => Route::Dossiers.pattern().to_owned(),
            Self::Dossier(dossier) => Route::Dossier.pattern().replace("{dossier}", dossier),
            Self::DeskAway(token) => Route::DeskAway.pattern().replace("{token}", token),
            Self::Pins(dossier) => Route::Pins.pattern().replace("{dossier}", dossier),
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
            Self::OwnList(workflow) => Route::OwnList.pattern().replace("{workflow}", workflow),
            Self::OwnTemplate(workflow) => Route::OwnTemplate.pattern().replace("{workflow}", workflow),
            Self::Start(workflow) => Route::Start.pattern().replace("{workflow}", workflow),
            Self::Call(workflow) => Route::Call.pattern().replace("{workflow}", workflow),
            Self::Opening(token) => Route::Opening.pattern().replace("{token}", token),
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
    fn a_machine_of_its_own_is_told_from_others() {
        let of = |url: &str| Site::parse(url).expect("an address");
        for (url, host, loopback) in [
            ("http://127.0.0.1:8080", "127.0.0.1", true),
            ("http://localhost/ho-so", "localhost", true),
            ("http://[::1]:8080", "[::1]", true),
            ("https://so.example:8443", "so.example", false),
            ("https://so.example", "so.example", false),
            ("http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false),
        ] {
            assert_eq!((of(url).host(), of(url).is_loopback()), (host, loopback), "{url}");
        }
        assert_eq!(
            [of("http://[::1]:8080").port(), of("https://a.example").port(), of("http://a.example").port()],
            [8080, 443, 80]
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["so.example", "ftp://a", "https://", "https://a@b", "https://a?b", "https://a/../b", "https://a//b"]
        {
            assert!(Site::parse(url).is_err(), "{url}");
        }
    }
}
