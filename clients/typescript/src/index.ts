export * from "./api.gen.js";
export { Kohomai } from "./client.js";
export type { CallOptions, ClientOptions } from "./caller.js";
export { KohomaiError, type FieldError, type Kind } from "./error.js";
export { verifyWebhook, WebhookVerificationError, type VerifyOptions, type WebhookHeaders, type WebhookMessage } from "./webhook.js";
