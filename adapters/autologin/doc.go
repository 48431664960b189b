// Package autologin serves the page behind the links of the front-office: it asks for a
// press, and only the press uses the link, because scanners of mail open links, too. Who
// comes with a link that was used or has expired is let in by a code sent by e-mail. The
// page is made on the server, without script or anything from elsewhere; it keeps nothing,
// and a link's token never reaches a log.
package autologin
