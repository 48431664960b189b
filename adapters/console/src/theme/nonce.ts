// The server writes the nonce of the page's policy into a meta tag.

/** The nonce that styles must carry on this page; empty when there is none (tests). */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}
