// Package radius asks RADIUS servers who a caller is and what he may do, and
// tells them what he did: authentication (RFC 2865, RFC 2548 for MS-CHAPv2),
// accounting (RFC 2866, RFC 2869), and the servers' own requests to end or to
// change a session (RFC 5176).
//
// Every Access-Request begins with a Message-Authenticator, and no answer to it
// counts without one (RFC 3579, section 3.2; CVE-2024-3596).
//
// A Client serves one list of servers. Nothing in it blocks its caller:
// questions are answered later by a function that the caller gives, and
// accounting records are taken over at once. Records are on disk before they
// are sent, and stay there until a server has acknowledged them.
//
// It is the daemon's, package run's, and knows nothing of entries and
// interfaces: what a server grants comes back as a Grant.
package radius
