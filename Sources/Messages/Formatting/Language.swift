/// A language in which customers are told what becomes of their orders.
package enum Language: String, Codable, Sendable, CaseIterable {
  case en, de, fr, es, it, ja

  /// Of a language tag (BCP 47), by its first part alone: `de-AT` is `de`. Nil for languages that
  /// there are no messages in.
  package init?(tag: some StringProtocol) {
    let first = tag.prefix { $0 != "-" && $0 != "_" }
    self.init(rawValue: first.lowercased())
  }

  /// How it writes numbers, money and times.
  package var forms: LanguageForms {
    switch self {
    case .en: .english
    case .de: .german
    case .fr: .french
    case .es: .spanish
    case .it: .italian
    case .ja: .japanese
    }
  }

  package var templates: Templates {
    switch self {
    case .en: .english
    case .de: .german
    case .fr: .french
    case .es: .spanish
    case .it: .italian
    case .ja: .japanese
    }
  }
}
