import ChainTypes
import HTTPClient
import Testing

@testable import Notifications

@Suite("Webhooks' URLs and types")
struct WebhookURLTests {
  private func mistake(
    _ text: String, _ policy: WebhookPolicy = WebhookPolicy()
  ) -> WebhookURL.Mistake? {
    do throws(WebhookURL.Mistake) {
      _ = try WebhookURL(text, policy: policy)
      return nil
    } catch {
      return error
    }
  }

  @Test("the usual ones are read")
  func usual() throws {
    let url = try WebhookURL(
      "https://Hooks.Shop.example:8443/a/b?key=1", policy: WebhookPolicy())
    #expect(url.host == "hooks.shop.example" && url.port == 8443 && url.isEncrypted)
    #expect(url.redacted == "https://Hooks.Shop.example:8443/…")
    #expect(try WebhookURL("https://a.example", policy: WebhookPolicy()).port == 443)
    let v6 = try WebhookURL("https://[2606:4700::1111]/", policy: WebhookPolicy())
    #expect(v6.address == IPAddress("2606:4700::1111") && v6.host == "2606:4700::1111")
    #expect(try WebhookURL("https://1.1.1.1?x", policy: WebhookPolicy()).host == "1.1.1.1")
  }

  @Test(
    "what others may read otherwise, or isn't one, is refused",
    arguments: [
      "", "https://", "ftp://a.example", "HTTPS://a.example", "//a.example", "https:a.example",
      "https://user@a.example", "https://user:pw@a.example", "https://a.example\\@b.example",
      "https://a.example@b.example/", "https://a.example:0", "https://a.example:65536",
      "https://a.example:", "https://a.example:1:2", "https://a..example", "https://.example",
      "https://a.example.", "https://-a.example", "https://a_b-.example", "https://a.example /",
      "https://a.example/\n", "https://a.exam%70le", "https://ä.example", "https://[::1",
      "https://[::1]x", "https://::1", "https://[1.1.1.1]", "https://127.1", "https://0x7f.1",
      "https://1.2.3.4.5", "https://2130706433", "https://a.0x7f000001", "https://017700000001",
      "https://a.example#f/x", "https://a#@b.example",
    ])
  func refused(text: String) {
    #expect(mistake(text) != nil)
    #expect(mistake(text, WebhookPolicy(allowsHTTP: true, allowsPrivateHosts: true)) != nil)
  }

  @Test(
    "hosts inside are refused, unless configuration allows them",
    arguments: [
      "https://169.254.169.254/latest/meta-data/", "https://127.0.0.1:8080", "https://10.0.0.1",
      "https://[::1]", "https://[::ffff:169.254.169.254]", "https://[fd00:ec2::254]/",
      "https://localhost/", "https://metadata",
    ])
  func inside(text: String) {
    guard case .notPublic = mistake(text) else {
      Issue.record("\(text) isn't refused")
      return
    }
    #expect(mistake(text, WebhookPolicy(allowsPrivateHosts: true)) == nil)
  }

  @Test("plain HTTP is refused, unless configuration allows it")
  func plain() {
    #expect(mistake("http://a.example") == .notEncrypted)
    #expect(mistake("http://a.example", WebhookPolicy(allowsHTTP: true)) == nil)
  }

  @Test("types are matched whole, by family, or all")
  func patterns() throws {
    let family = try #require(EventPattern("payment.*"))
    #expect(family.matches("payment.paid") && !family.matches("payments.paid"))
    #expect(!family.matches("order.created"))
    let one = try #require(EventPattern("order.ready"))
    #expect(one.matches("order.ready") && !one.matches("order.ready.v2"))
    #expect(EventPattern("*")?.matches("anything.at_all") == true)
    for text in ["", "payment", "payment.", ".paid", "*.paid", "payment.**", "p.q.*", "Payment.x"] {
      #expect(EventPattern(text) == nil, "\(text)")
    }
    let told = ["*", "payment.*", "transfer.seen", "refund.final", "order.ready"]
    for text in told { #expect(WebhookEvents.tells(try #require(EventPattern(text)))) }
    for text in ["notification.*", "webhook.created", "chain.reorged", "what.*"] {
      #expect(!WebhookEvents.tells(try #require(EventPattern(text))))
    }
  }

  @Test("an answer's wish for patience is read where it is a number of seconds, or a date")
  func patience() throws {
    let now = try #require(Timestamp(rfc3339: "2026-10-21T07:28:00Z"))
    func seconds(_ text: String) -> Int64? { WebhookReply.seconds(text, at: now) }
    #expect(seconds("120") == 120)
    #expect(seconds("Wed, 21 Oct 2026 07:30:05 GMT") == 125)
    #expect(seconds("Sun, 01 Nov 2026 00:00:00 GMT") == 923_520)
    #expect(seconds("Wed, 21 Oct 2026 07:00:00 GMT") == 0)
    let wrong = [
      "", "-1", "1.5", "99999999999", "Tue, 21 Oct 2026 07:30:05 GMT",
      "Wed, 21 Oct 2026 07:30:05 CET", "Wed, 21 Oct 2026 07:30:65 GMT",
      "Wed, 21-Oct-2026 07:30:05 GMT", "Wed 21 Oct 2026  07:30:05 GMT",
    ]
    for text in wrong { #expect(seconds(text) == nil, "\(text)") }
  }
}
