import Bytes
import ChainTypes
import Messages
import Testing

@Suite("Messages to customers")
struct MessageTests {
  private static let places = Message.Setting(
    shop: "Café Ada", claimCode: "ABCD-EFGH", unsubscribe: "https://example.com/unsubscribe/x")

  @Test("each tells its own in every language", arguments: Language.allCases)
  func complete(language: Language) {
    var subjects: Set<String> = []
    var texts: Set<String> = []
    let notices = Samples.notices("bitcoin")
    for notice in notices {
      let message = Message(notice, in: Self.places, for: Reader(language))
      #expect(message.subject.contains("Café Ada"))
      #expect(message.text.contains("Café Ada") && message.text.contains("ord_1"))
      #expect(message.text.contains("https://example.com/unsubscribe/x"))
      #expect(!message.push.isEmpty && message.push.count <= 120)
      subjects.insert(message.subject)
      texts.insert(message.text)
    }
    // Two expiries, two holds and six reasons of cancellations share theirs.
    #expect(subjects.count == 13)
    #expect(texts.count == notices.count)
  }

  @Test("no language tells what another does, but for what isn't language", arguments: 0..<20)
  func languages(number: Int) {
    let notice = Samples.notices("bitcoin")[number]
    let texts = Language.allCases.map { Message(notice, in: Self.places, for: Reader($0)).text }
    #expect(Set(texts).count == texts.count)
  }

  @Test("what others wrote breaks no message", arguments: Language.allCases)
  func hostile(language: Language) {
    for words in Samples.hostile {
      let setting = Message.Setting(shop: words, claimCode: words, unsubscribe: words)
      for (notice, plain) in zip(Samples.notices(words), Samples.notices("x")) {
        let message = Message(notice, in: setting, for: Reader(language))
        let harmless = Message(
          plain, in: .init(shop: "x", claimCode: "x", unsubscribe: "x"), for: Reader(language))
        for line in [message.subject, message.push] {
          #expect(!line.contains { $0.isNewline })
          #expect(line.unicodeScalars.count < 200, "\(line)")
        }
        // As many lines as without them: none was begun or ended by what others wrote.
        func lines(_ text: String) -> Int {
          text.split(omittingEmptySubsequences: false) { $0.isNewline }.count
        }
        #expect(lines(message.text) == lines(harmless.text), "\(words) \(message.text)")
        #expect(message.text.unicodeScalars.count < 3_000)
        for text in [message.subject, message.push, message.text] { expectHarmless(text) }
      }
    }
  }

  private func expectHarmless(_ text: String) {
    var depth = 0
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x2068: depth += 1
      case 0x2069: depth -= 1
      case 0x200c, 0x200d, 0x0a: break
      default:
        #expect(
          ![.control, .format, .privateUse, .lineSeparator, .paragraphSeparator]
            .contains(scalar.properties.generalCategory), "\(scalar.value)")
      }
      #expect((0...1).contains(depth))
    }
    #expect(depth == 0)
  }

  @Test("the code stands in the message of an order that is ready, and in no other")
  func code() {
    for notice in Samples.notices("x") {
      let message = Message(notice, in: Self.places, for: Reader(.en))
      let isReady = if case .ready = notice { true } else { false }
      #expect(message.text.contains("ABCD-EFGH") == isReady)
      #expect(!message.subject.contains("ABCD") && !message.push.contains("ABCD"))
    }
  }

  @Test("a message as a whole")
  func whole() {
    let berlin = Reader.Clock { _ in 3_600 }
    let message = Message(
      .partiallyPaid(Samples.payment("bitcoin", received: 100_000)),
      in: .init(shop: "Kaffee & Söhne", unsubscribe: "https://example.com/u/1"),
      for: Reader(.de, clock: berlin))
    let space = "\u{a0}"
    #expect(message.subject == "Kaffee & Söhne: Es fehlen noch 0,0005\(space)BTC")
    #expect(message.push == "Für Ihre Bestellung fehlen noch 0,0005\(space)BTC.")
    #expect(
      message.text == """
        Für Ihre Bestellung haben wir 0,001\(space)BTC erhalten; es fehlen noch 0,0005\(space)BTC.
        Bitte senden Sie den Rest an dieselbe Adresse, spätestens am 22. November 2026 um 14:30.

        Bestellung: ord_1
        Betrag: 0,0005\(space)BTC
        Netzwerk: bitcoin
        Adresse: bitcoin
        Frist: 22. November 2026 um 14:30

        --\u{20}
        Kaffee & Söhne
        Keine weiteren Nachrichten dieser Art: https://example.com/u/1

        """)
  }

  @Test("a language is known by its tag's first part")
  func tags() {
    #expect(Language(tag: "de-AT") == .de && Language(tag: "JA") == .ja)
    #expect(Language(tag: "pt_BR") == nil && Language(tag: "") == nil)
  }
}
