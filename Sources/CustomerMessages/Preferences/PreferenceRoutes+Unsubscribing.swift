internal import Database
internal import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON

// Ending mails without an account: whoever has had one knows its link.
extension PreferenceRoutes {
  /// Where the link in a mail leads, behind the public address of the API.
  package static func unsubscribePath(_ token: String) -> String { "/unsubscribe/\(token)" }

  func registerUnsubscribing(on router: APIRouter) {
    let page = OpenAPIOperation.Answer(
      200, "A page.", schema: ["type": "string"], mediaType: "text/html")
    router.on(
      .get, "/unsubscribe/{token}",
      OpenAPIOperation(
        "showUnsubscribe", "A page with a button; looking at it changes nothing",
        tag: "notifications", answers: [page]), access: .open
    ) { _, _ in Self.html(Self.question) }
    // What a mail program sends by one click (RFC 8058), and the page's button.
    router.on(
      .post, "/unsubscribe/{token}",
      OpenAPIOperation(
        "unsubscribe", "End the mails to whom the link was sent", tag: "notifications",
        answers: [page, .problem(404, "not-found.")]), access: .open
    ) { _, context in
      let token = try context.pathParameter("token")
      let now = now()
      let isDone = try await database.groupedWrite {
        try PreferenceRecords.unsubscribe(token: token, now: now, in: $0)
      }
      guard isDone else { throw Problem.notFound("The link isn't valid any more.") }
      return Self.html(Self.done)
    }
  }

  private static func html(_ body: String) -> Response {
    let text = """
      <!doctype html><html><head><meta charset="utf-8"><meta name="viewport" \
      content="width=device-width"><meta name="robots" content="noindex"><title>Paywatch</title>\
      </head><body>\(body)</body></html>
      """
    return .body(
      Array(text.utf8), type: "text/html; charset=utf-8",
      headers: [
        .cacheControl: "no-store",
        .contentSecurityPolicy: "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
      ])
  }

  /// In all languages at once: the reader's isn't known before the link is looked up.
  private static let question = """
    <form method="post"><button>Unsubscribe · Abmelden · Se désabonner · Darse de baja · \
    Annulla l’iscrizione · 配信停止</button></form>
    """

  private static let done =
    "<p>✓ Unsubscribed · Abgemeldet · Désabonné · Dado de baja · Annullato · 配信停止済み</p>"
}
