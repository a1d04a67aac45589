"""Every setting with its type, its default and one sentence about it. load.py reads the TOML file.

Every setting has a help text, which `civicmail config explain KEY` and the test of the docs read from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from civicmail.core.config.setting import setting as _setting
from civicmail.core.config.signin_settings import Oidc as Oidc
from civicmail.core.config.signin_settings import Saml as Saml
from civicmail.core.config.signin_settings import Signin as Signin


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    name: str = _setting("Sample City", "What the city is called on pages and in letters.")
    domains: list[str] = _setting(
        ["city.example"], "The mail domains of the city, lower case; the first one is used for our own mail."
    )
    hostname: str = _setting("", "The name that our servers give in greetings and Received lines; empty: mail.<first domain>.")
    time_zone: str = _setting("America/Chicago", "The time zone in which pages and letters tell times.")

    records_place: str = _setting("", "Where the public asks for records in person: room, building and street.")
    records_hours: str = _setting("", "When that office is open, as the public notice of the records custodian says it.")

    agencies_named: bool = _setting(
        False, "Whether From says for which agency somebody writes, in parentheses after the name: contractor, and which one."
    )

    @property
    def host(self) -> str:
        return self.hostname or f"mail.{self.domains[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    kind: str = _setting("mx", "What comes in here: mx, submission, relay, lmtp or journal.")
    address: str = _setting("127.0.0.1", "The address to listen on.")
    port: int = _setting(2525, "The port to listen on.")
    peers: list[str] = _setting([], "relay, lmtp and journal: networks (CIDR) that may use it; empty: loopback only.")
    client_ca: str = _setting("", "relay: a PEM file with the authority whose client certificates are peers too.")
    tls: str = _setting("starttls", "starttls, implicit or off; without a certificate only off.")
    certificate: str = _setting("", "The PEM file with the certificate chain.")
    key: str = _setting("", "The PEM file with the private key.")
    line_ends: str = _setting("", "reject or normalise bare CR, LF and NUL; empty: reject on mx, normalise elsewhere.")
    dsn: bool = _setting(False, "Whether delivery status notifications (RFC 3461) are offered here.")
    xclient: list[str] = _setting([], "Networks that may speak for other clients with XCLIENT and XFORWARD.")
    proxy: list[str] = _setting([], "Networks of load balancers that begin each connection with a PROXY header (version 1 or 2).")
    verdicts: list[str] = _setting(
        [], "Networks of edge servers whose verdict headers (X-Spam, Authentication-Results …) are kept as findings."
    )
    verdicts_id: str = _setting(
        "",
        "The name in which these edge servers write Authentication-Results; empty: nobody believes them about SPF and DMARC.",
    )
    senders: list[str] = _setting(
        [], "relay: addresses, and domains like @app.city.example, in whose name peers may send; empty: any, as they say."
    )
    chunking: bool = _setting(False, "Whether BDAT (RFC 3030) is offered here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    listener: list[Listener] = field(default_factory=lambda: [Listener()], metadata={"help": "One table for each listener."})
    processes: int = _setting(1, "How many gateway processes `civicmail run` starts; all of them listen on the same ports.")
    max_message: int = _setting(52_428_800, "The largest message in bytes.")
    max_recipients: int = _setting(1000, "The most recipients in one transaction; more are told to come in the next one.")
    max_connections: int = _setting(1000, "The most connections of one gateway process at a time.")
    max_per_address: int = _setting(200, "The most connections from one address at a time.")
    max_received: int = _setting(50, "A message with more Received lines than this is in a loop.")
    timeout: int = _setting(300, "Seconds without progress after which a client is disconnected.")
    min_free: int = _setting(
        1_073_741_824,
        "Bytes that must stay free on the volume of the data folder; below it new mail is told 452, and mailboxes and index wait.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    identification: str = _setting(
        "", "What every message of a person must say in its text; {name} and {department} stand for the sender's. Empty: nothing."
    )
    without_identification: str = _setting("finding", "What becomes of a message without it: finding (noted) or refuse.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    local: str = _setting("maildir", "Where mail for the city's domains goes: maildir, lmtp://host:port or smtp://host:port.")
    outbound: str = _setting("", "Where other mail goes: smtp://host:port of a smart host; empty: it waits.")
    elsewhere: str = _setting("", "The old system, for mail to whoever is in no live department; empty: everybody is here.")
    smart_host_log: str = _setting("", "The log of the Postfix behind outbound; what it says of each delivery is recorded.")
    route: dict[str, str] = _setting({}, "Next hops by address, then by domain, before local and outbound.")
    retry_first: int = _setting(60, "Seconds until the second attempt; each later wait is twice as long.")
    retry_most: int = _setting(3600, "The longest wait between two attempts in seconds.")
    expire: int = _setting(432_000, "Seconds after which a message that could not be delivered fails for good.")
    concurrency: int = _setting(20, "The most connections to one next hop at a time.")
    timeout: int = _setting(300, "Seconds to wait for a next hop's answer.")
    tls: str = _setting("opportunistic", "TLS to next hops: opportunistic, required (verified) or off.")
    tls_ca: str = _setting("", "A PEM file of authorities for next hops, instead of the system's.")
    imap: str = _setting(
        "", "Where delivered copies are taken back from behind lmtp: imaps://host:993, or imap://127.0.0.1:143; empty: nowhere."
    )
    imap_user: str = _setting("civicmail", "The master user of that server, which opens every mailbox as MAILBOX*USER.")
    imap_key_file: str = _setting("", "A file that holds the master user's password, and nothing else.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    domain: str = _setting("agency.example", "Mail for this domain may leave by verified TLS.")
    server: str = _setting("", "Its server, smtp://mx.agency.example:25: we speak to it ourselves, past any smart host.")
    name: str = _setting("", "The name that its certificate must bear; empty: the host of server.")
    ca: str = _setting("", "A PEM file of the authority that must have issued it; empty: the system's.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    door: str = _setting("lmtp", "A door beyond this machine without TLS: submission, relay, lmtp, journal, imap or courier.")
    owner: str = _setting("", "Who answers for it.")
    until: str = _setting("", "The day, like 2027-06-30, from which doctor is red again.")


CONFIDENTIAL = ["ssn", "itin", "card", "bank", "iban", "licence", "passport", "medicare", "medical", "health", "cjis", "secret"]
CONFIDENTIAL += ["password", "bundle", "unread"]
"""The kinds of confidential information that checks name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    partner: list[Partner] = _setting([], "Whose servers we know, so that TLS to them is proven; one table for each.")
    resolver: str = _setting(
        "", "A validating name server on this machine, 127.0.0.1:53, whose DNSSEC answers prove servers (DANE); empty: not asked."
    )
    mta_sts: bool = _setting(False, "Whether what other domains publish about their servers (MTA-STS, mode enforce) proves them.")
    networks: list[str] = _setting(
        [], "Networks besides the internet in which servers may be that the DNS names (DANE, MTA-STS), such as 10.20.0.0/16."
    )
    requiretls: bool = _setting(
        False, "Whether a smart host that promises it (REQUIRETLS) may hand on what has no other way than the portal."
    )
    never_tls: list[str] = _setting(
        ["cjis", "health", "medical", "medicare"], "Kinds of confidential information for which TLS between servers is not enough."
    )
    days: int = _setting(14, "Days for which a message waits in the pick-up portal.")
    tries: int = _setting(5, "Wrong passphrases after which a message in the portal is locked.")
    files_url: str = _setting(
        "", "Another name of the pages, https://files.city.example, from which files of the portal come; empty: the same name."
    )
    plain: list[Plain] = _setting([], "Doors without TLS that somebody answers for until a day; one table for each.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MtaSts:
    mode: str = _setting("", "What the pages publish at mta-sts.DOMAIN: testing, enforce, or none (to end it); empty: nothing.")
    servers: list[str] = _setting([], "The servers to which mail for our domains may be brought, as in MX; empty: city.hostname.")
    max_age: int = _setting(604_800, "Seconds for which others may rely on it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    url: str = _setting("", "Where it cosigns: https://witness.county.example, or http:// on this machine.")
    key: str = _setting("", "Its public key, NAME+ID+KEY, as `witness.py key` printed it.")
    ca: str = _setting("", "https: a PEM file of authorities for its certificate, instead of the system's.")


SECONDS_WITNESSED = 60
"""Between two checkpoints where witnesses cosign them: what nobody outside has seen could still be rewritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    unsealed_most: int = _setting(268_435_456, "Bytes of closed journal files above which they are sealed at once.")
    seal_every: int = _setting(300, "Seconds between two seals of closed journal files.")
    checkpoint_every: int = _setting(3600, "Seconds between two signed checkpoints of the ledger.")
    acknowledge: str = _setting("local", "When a message is acknowledged: local (kept here) or standby (kept there, too).")
    standby: str = _setting("", "The second place: a folder on another disk, or tls://host:port; empty: there is none.")
    standby_wait: int = _setting(10, "Seconds to wait for the second place before a message is not acknowledged.")
    without_standby: str = _setting(
        "later", "When the second place is away: later (451, the client comes again) or local (kept here alone, alarmed)."
    )
    standby_certificate: str = _setting("", "tls: the PEM file with the certificate chain that we show to the second place.")
    standby_key: str = _setting("", "tls: the PEM file with its private key.")
    standby_ca: str = _setting("", "tls: a PEM file with the authority that issued the certificates of both places.")
    witness: list[Witness] = _setting(
        [], "Who cosigns the ledger's checkpoints each minute, so that it cannot be rewritten here; one table for each."
    )
    disposal_notice_days: int = _setting(14, "Days between the approval of a disposal and its beginning.")
    disposal_share_most: int = _setting(25, "Percent of all captures that open proposals of disposal may list together.")
    backup: str = _setting("", "A file that your backup touches when it has ended, so that doctor knows how old the newest one is.")
    backup_hours: int = _setting(26, "Hours after which the newest backup is too old.")

    @property
    def sign_every(self) -> int:
        """Seconds between two checkpoints."""
        return min(self.checkpoint_every, SECONDS_WITNESSED) if self.witness else self.checkpoint_every


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    ocr_languages: str = _setting("eng+spa", "Languages of scans, as tesseract names them, joined by +.")


CHECKS = ["authentication", "spam", "files", "links", "names", "confidential", "use"]
"""The checks that need no other program, in the order of their results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    checks: list[str] = _setting(CHECKS, "Which checks are made of what comes in and goes out; empty: none.")
    processes: int = _setting(1, "How many limited processes read messages for each gateway process.")
    seconds: int = _setting(20, "Seconds that all checks of one message may take; what is not there by then is unavailable.")
    resolver: list[str] = _setting(
        [], "Name servers, like 192.0.2.53 or 127.0.0.1:5353, for SPF, DKIM, DMARC; empty: the system's."
    )
    clamd: str = _setting("", "The virus scanner: unix:/run/clamav/clamd.ctl or 127.0.0.1:3310; empty: none is asked.")
    rspamd: str = _setting("", "Rspamd's worker, like http://127.0.0.1:11333; empty: it is not asked.")
    spamd: str = _setting("", "SpamAssassin's spamd, like 127.0.0.1:783; empty: it is not asked.")
    protected: list[str] = _setting([], "Names besides the city's own domains that others may not pretend to be: bank.example.")
    web_services: list[str] = _setting(
        [],
        'Services that hide whose a page is, besides our list: "shortener go.example", "hosting …", "ending …"; "-…" takes out.',
    )
    companies: list[str] = _setting(
        [], 'Companies whose name others may not borrow, besides our list: "springfield credit union = scu.example".'
    )
    public: list[str] = _setting([], "Numbers of the city's own that anybody may know: the accounts that taxes are paid to.")
    unreviewed: list[str] = _setting(
        [], "Addresses, domains, departments whose mail nobody reviews for its use: union, ombudsman, elections, reporters."
    )
    reports: list[str] = _setting(
        ["report", "report-spam", "abuse"],
        "Local parts at the city's domains to which people send unwanted mail, attached, to report it.",
    )
    incidents: list[str] = _setting(
        ["report"], "Those of them where every report is a case for security: for mail that is dangerous, and no mere advertising."
    )
    shares: list[str] = _setting([], "Hosts where the city shares files; a link to one counts as a file that leaves (P-22).")
    sealers: list[str] = _setting([], "Domains whose ARC seals are believed where a list or forwarder has broken DKIM.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Containment:
    on: bool = _setting(True, "Whether mail of an account that acts unlike its owner waits for a security officer.")
    outside: int = _setting(40, "Recipients outside within an hour that are usual for anybody; who is used to more may send more.")
    inside: int = _setting(300, "Recipients in the city within an hour that are usual for anybody; a list is one.")
    domains: int = _setting(20, "Domains within an hour to which somebody has not written before.")
    same: int = _setting(25, "Messages within an hour that say the same.")
    service: int = _setting(1000, "Recipients within an hour of a service mailbox, or of an address that a peer brings.")
    services: dict[str, int] = _setting({}, 'The same for single addresses: {"alarms@city.example" = 20000}.')


DOUBTS = ["lookalike", "pretender", "staff-name", "unproven", "forwarded", "reply-elsewhere"]
DOUBTS += ["disguised-link", "deceptive-link", "odd-link", "form-file", "smuggled-file"]
DOUBTS += ["hidden-host", "company-name", "own-address", "disguised-text", "no-address", "unlisted-server"]
"""The marks of the starter pack that are reasons to doubt who wrote, or where a link leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    external: bool = _setting(True, "Whether what comes from outside says so in a header line (Civicmail-Notice: external).")
    doubt: list[str] = _setting(
        ["*"], "Departments (codes) whose people read a line above a message that there is reason to doubt; *: all."
    )
    doubts: list[str] = _setting(DOUBTS, "The marks of rules that are a reason; a first contact with a file or a bill is one, too.")
    links: list[str] = _setting([], "Departments (codes) where links to hosts that nobody here knows lead by our page; *: all.")
    known: list[str] = _setting(
        [], "Names, with all below them, that are known besides the city's own, gov, mil, and whom the city writes to."
    )
    url: str = _setting("", "Where that page is reached, https://links.city.example; empty: web.url. With neither: no line either.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    serve: bool = _setting(True, "Whether `civicmail run` serves the pages here, too.")
    address: str = _setting("127.0.0.1", "The address of the pages; unix:/PATH for a socket file.")
    port: int = _setting(8025, "The port of the pages.")
    hosts: list[str] = _setting([], "The names under which people reach the pages, besides localhost.")
    url: str = _setting("", "Where people reach the pages, https://mail.city.example: named in refusals; empty: not named.")
    api_rate: int = _setting(600, "How often one token of the API may ask in a minute.")
    proxies: int = _setting(0, "How many proxies of ours stand in front of the pages and add to X-Forwarded-For.")
    https: bool = _setting(
        False, "Whether people reach the pages by HTTPS only (a server in front ends it); cookies then ask for it."
    )

    @property
    def pages(self) -> str:
        """The base URL of the pages, for printed links: `url`, else derived from other settings. No slash at its end."""
        return self.url or f"{'https' if self.https else 'http'}://{self.hosts[0] if self.hosts else f'localhost:{self.port}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    imap: str = _setting("", "Where mail programs read: imaps://imap.city.example:993, or imap:// for STARTTLS; empty: nowhere.")
    submission: str = _setting(
        "", "Where mail programs send: submissions://mail.city.example:465, or submission:// for STARTTLS; empty: nowhere."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    name: str = _setting("siem", "A short name of this hook; under it is remembered what it was told.")
    url: str = _setting("", "Where entries are told: https://siem.city.example/civicmail, or http:// on this machine.")
    secret_file: str = _setting("", "A file that holds the secret of both sides, and nothing else.")
    acts: list[str] = _setting([], "Which acts are told: access.end, or duty.* for all of a kind; empty: all.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Siem:
    name: str = _setting("siem", "A short name of this receiver; under it is kept how far it is.")
    url: str = _setting("", "tls://siem.city.example:6514, or tcp:// and udp:// with a port, or unix:/dev/log.")
    format: str = _setting("rfc5424", "How events are written: rfc5424 (syslog) or ocsf (a JSON object each).")
    ca: str = _setting("", "tls: a PEM file of authorities for the receiver's certificate, instead of the system's.")
    certificate: str = _setting("", "tls: the PEM file with our certificate, where the receiver asks for one.")
    key: str = _setting("", "tls: the PEM file with its key.")
    acts: list[str] = _setting([], "Which acts are sent: access.end, or duty.* for all of a kind; empty: all.")
    detections: bool = _setting(False, "Whether mail that was quarantined or refused is an event, too (mail.detected).")
    enterprise: int = _setting(32473, "The private enterprise number of the SD-ID civicmail@…; 32473 is that of documentation.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    show_looks: str = _setting(
        "never", "Whether people see on their own page that their mail was looked at: never, or closed (when a case is over)."
    )
    holidays: list[str] = _setting([], "Days like 2026-12-25 that are no working days, besides Saturdays and Sundays.")
    webhook: list[Webhook] = _setting([], "Programs that are told of entries as they are written; one table for each.")
    siem: list[Siem] = _setting([], "Receivers of security events by syslog (RFC 5424) or as OCSF; one table for each.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ldap:
    name: str = _setting("directory", "A short name of this source; it stands in reports.")
    url: str = _setting("", "The server: ldaps://ldap.city.example:636, or ldap:// for StartTLS.")
    starttls: bool = _setting(True, "ldap://: whether StartTLS comes before anything is said; without it only on loopback.")
    ca: str = _setting("", "A PEM file of authorities for the server's certificate, instead of the system's.")
    bind: str = _setting("", "The DN that we bind as; empty: anonymously.")
    password_file: str = _setting("", "A file that holds the password of that DN, and nothing else.")
    base: str = _setting("", "Where people lie: ou=people,dc=city,dc=example.")
    filter: str = _setting("(objectClass=inetOrgPerson)", "Which of them work for the city.")
    page: int = _setting(500, "Entries in one answer of the server (RFC 2696).")
    attributes: list[str] = _setting([], 'Their attributes and our columns, on top of the usual ones: "ou = department".')
    every: int = _setting(0, "Minutes between two looks of the city worker; 0: only by command.")
    apply: bool = _setting(False, "Whether the worker applies what the brake does not stop; else it waits for an officer.")
    timeout: int = _setting(30, "Seconds to wait for the server.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    ldap: list[Ldap] = _setting([], "LDAP servers that know who works for the city; one table for each.")
    stale: int = _setting(8, "Days after which doctor warns of a feed that said nothing; 0: never.")
    number: str = _setting("employeeNumber", "The attribute of SCIM that is the number in the personnel system.")
    kind: str = _setting("employee", "SCIM and LDAP: what people are where nothing says it.")
    kinds: list[str] = _setting([], 'SCIM and LDAP: their words for kinds of people: "Member = employee".')
    department: str = _setting("", "SCIM and LDAP: the department of people who have none there; empty: they are refused.")
    departments: list[str] = _setting([], 'SCIM and LDAP: their names of departments: "Streets Div. = streets".')
    lists: list[str] = _setting([], "SCIM: addresses of lists whose members the identity provider says (groups there).")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    name: str = _setting("tenant", "The name by which the access office knows it.")
    url: str = _setting("https://tenant.city.example/ended", "Where the message goes: https://, or http:// on this machine.")
    secret_file: str = _setting("", "A file that holds the secret under which it is signed, and nothing else.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    hook: list[Hook] = _setting([], "Programs that are told when access ends, for doors that are not ours; one table each.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    url: str = _setting("", "postgresql://user@host:port/name; empty: a file of SQLite in the data folder.")
    password_file: str = _setting("", "A file that holds the password of the database, and nothing else.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    level: str = _setting("info", "The least level that is logged: debug, info, warning or error.")
    format: str = _setting("text", "text for people, json for machines; both go to stderr.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    address: str = _setting("127.0.0.1", "The address at which numbers are read.")
    port: int = _setting(0, "The port of /metrics and /health; 0: nobody reads them.")
    networks: list[str] = _setting([], "Networks (CIDR) from which they may be read; empty: this machine only.")
    certificate: str = _setting("", "The PEM file with the certificate chain; empty: http instead of https.")
    key: str = _setting("", "The PEM file with its private key.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Otel:
    url: str = _setting("", "Where traces are sent by OTLP over HTTP, like http://127.0.0.1:4318/v1/traces; empty: nowhere.")
    headers_file: str = _setting("", "A file with a header of each request in each line, name: value, such as Authorization.")
    ca: str = _setting("", "A PEM file of authorities for the collector's certificate, instead of the usual ones.")
    one_in: int = _setting(1, "One in so many messages is traced.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    city: City = field(default_factory=City, metadata={"help": "Who we are."})
    gateway: Gateway = field(default_factory=Gateway, metadata={"help": "How mail is received."})
    signin: Signin = field(default_factory=Signin, metadata={"help": "How people and mail programs sign in."})
    senders: Senders = field(default_factory=Senders, metadata={"help": "How senders identify themselves."})
    courier: Courier = field(default_factory=Courier, metadata={"help": "How mail is delivered."})
    secure: Secure = field(default_factory=Secure, metadata={"help": "How confidential mail leaves."})
    mta_sts: MtaSts = field(default_factory=MtaSts, metadata={"help": "What others are told about TLS to our servers."})
    archive: Archive = field(default_factory=Archive, metadata={"help": "How mail is kept."})
    search: Search = field(default_factory=Search, metadata={"help": "How mail is indexed."})
    screening: Screening = field(default_factory=Screening, metadata={"help": "What is looked for in mail."})
    containment: Containment = field(default_factory=Containment, metadata={"help": "When an account acts unlike its owner."})
    marks: Marks = field(default_factory=Marks, metadata={"help": "What readers are told of mail from outside, and its links."})
    web: Web = field(default_factory=Web, metadata={"help": "The pages."})
    programs: Programs = field(default_factory=Programs, metadata={"help": "What people's mail programs and phones are told."})
    oversight: Oversight = field(default_factory=Oversight, metadata={"help": "How looking at other people's mail is watched."})
    feeds: Feeds = field(default_factory=Feeds, metadata={"help": "Personnel systems that speak by themselves."})
    outside: Outside = field(default_factory=Outside, metadata={"help": "External systems."})
    database: Database = field(default_factory=Database, metadata={"help": "Where people, roles and entries are kept."})
    log: Log = field(default_factory=Log, metadata={"help": "What is logged."})
    metrics: Metrics = field(default_factory=Metrics, metadata={"help": "Numbers for Prometheus, and health for other programs."})
    otel: Otel = field(default_factory=Otel, metadata={"help": "Traces of messages (OpenTelemetry)."})
