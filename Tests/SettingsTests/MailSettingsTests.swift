import Messages
import Settings
import TestSupport
import Testing

@Suite("the settings of mail")
struct MailSettingsTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func load(
    _ mail: String, _ environment: [String: String] = [:]
  ) throws -> MailSettings? {
    let text = SettingsText.minimal + "\nmail: \(mail)\n"
    return try PaywatchConfiguration.load(
      directory.write("paywatch.yaml", text), environment: environment
    ).mail
  }

  @Test("a server with TLS, a password from a file, and from whom mail is")
  func whole() throws {
    try directory.write("secret", "hunter2\n")
    let settings = try #require(
      try load(
        """
        { server: "smtp://mail.internal:587", user: shop, password_file: secret,
          from: orders@shop.example, from_name: Shop, reply_to: help@shop.example,
          public_url: "https://pay.shop.example/", certificates: own.pem }
        """))
    #expect(settings.server == "smtp://mail.internal:587" && !settings.allowsPlainText)
    #expect(settings.login?.user == "shop" && settings.login?.password == Secret("hunter2"))
    #expect(settings.from == MailAddress("orders@shop.example"))
    #expect(settings.replyTo == MailAddress("help@shop.example"))
    #expect(settings.publicURL == "https://pay.shop.example")
    #expect(settings.certificates == directory.path("own.pem"))
    #expect(!"\(settings)".contains("hunter2"))
  }

  @Test("what may be left out, and the password from the environment")
  func defaults() throws {
    let least = try #require(try load("{ server: 'smtps://mail.internal', from: o@shop.example }"))
    #expect(least.login == nil && least.fromName == nil && least.publicURL == nil)
    let given = try load(
      "{ server: 'smtps://mail.internal', from: o@shop.example, user: shop }",
      ["PAYWATCH_MAIL_PASSWORD": "hunter2"])
    #expect(given?.login?.password == Secret("hunter2"))
    let none = try PaywatchConfiguration.load(
      directory.write("paywatch.yaml", SettingsText.minimal))
    #expect(none.mail == nil)
  }

  @Test(
    "what can't be used is told with its place",
    arguments: [
      ("{ from: o@shop.example }", "mail.server"),
      ("{ server: 'http://mail.internal', from: o@shop.example }", "mail.server"),
      ("{ server: 'smtp://u:p@mail.internal', from: o@shop.example }", "mail.server"),
      ("{ server: 'smtp://mail.internal' }", "mail.from"),
      ("{ server: 'smtp://mail.internal', from: 'Shop <o@shop.example>' }", "mail.from"),
      ("{ server: 'smtp://m.x', from: o@shop.example, reply_to: nobody }", "mail.reply_to"),
      ("{ server: 'smtp://m.x', from: o@shop.example, tls: maybe }", "mail.tls"),
      ("{ server: 'smtp://m.x', from: o@shop.example, user: shop }", "mail.user"),
      ("{ server: 'smtp://m.x', from: o@shop.example, password_file: f }", "mail.user"),
      (
        "{ server: 'smtp://m.x', from: o@shop.example, user: s, password_file: f, tls: none }",
        "mail.tls"
      ),
      ("{ server: 'smtp://m.x', from: o@x.y, user: s, password: plain }", "mail.password"),
      ("{ server: 'smtp://m.x', from: o@x.y, public_url: 'https://x.y/?a=b' }", "mail.public_url"),
      ("{ server: 'smtp://m.x', from: o@x.y, public_url: x.y }", "mail.public_url"),
      ("{ server: 'smtp://m.x', from: o@x.y, colour: red }", "mail.colour"),
    ])
  func mistakes(mail: String, path: String) throws {
    try directory.write("f", "hunter2\n")
    let error = #expect(throws: ConfigurationError.self) { try load(mail) }
    #expect(error?.mistakes.map(\.path) == [path], "\(String(describing: error))")
    #expect(error?.description.contains("hunter2") == false)
  }
}
