internal import Bytes
internal import Claiming

/// Who showed which code for which claim, and what they were answered.
struct HandoverTruth {
  /// The codes that customers were told, by claim, the last one last.
  private var codes: [String: [String]] = [:]
  private var claims: [String] = []
  private var ofOrders: [String: String] = [:]
  /// Those of which nobody knows whether they have got another code.
  private var uncertain: Set<String> = []
  /// Those for which somebody has shown the code that was theirs then.
  private var shownRightly: Set<String> = []
  /// By whose requests each was handed over, as far as somebody was told so.
  private var handedTo: [String: Set<String>] = [:]
  /// By whose requests a wrong code was shown since each got its code.
  private var wrongs: [String: Set<String>] = [:]
  private static let attempts = 5
  /// Those that were kept from who showed their code.
  private var withheld: [String] = []

  mutating func know(_ issued: IssuedCode) {
    if codes[issued.claim] == nil { claims.append(issued.claim) }
    ofOrders[issued.order] = issued.claim
    uncertain.remove(issued.claim)
    guard codes[issued.claim]?.last != issued.code.text else { return }
    codes[issued.claim, default: []].append(issued.code.text)
    shownRightly.remove(issued.claim)
    wrongs[issued.claim] = nil
  }

  /// Somebody gives it another code.
  mutating func renewing(_ claim: String) { uncertain.insert(claim) }

  /// Another claim's code.
  func anyCode(but claim: String, _ random: inout SplitMix64) -> ClaimCode? {
    guard let other = claims.randomElement(using: &random), other != claim else { return nil }
    return codes[other]?.last.flatMap { ClaimCode($0) }
  }

  /// The code that an order's customer was told last, if any.
  func lastCode(ofOrder order: String) -> (claim: String, code: ClaimCode)? {
    guard let claim = ofOrders[order], let code = codes[claim]?.last.flatMap({ ClaimCode($0) })
    else { return nil }
    return (claim, code)
  }

  mutating func shown(_ code: ClaimCode, for claim: String) {
    if uncertain.contains(claim) || codes[claim]?.last == code.text { shownRightly.insert(claim) }
  }

  mutating func answered(
    _ isHandedOver: Bool, _ code: ClaimCode, for claim: String, to request: String
  ) {
    if isHandedOver {
      handedTo[claim, default: []].insert(request)
    } else if codes[claim]?.last == code.text, !uncertain.contains(claim) {
      withheld.append(claim)
    } else {
      wrongs[claim, default: []].insert(request)
    }
  }

  func check(_ told: ToldChecker, _ findings: inout ShopFindings) {
    for (id, claim) in told.claims {
      let winners = handedTo[id] ?? []
      findings.require(
        winners.count <= 1, .claims, "\(id) was handed over to \(winners.count) requests")
      findings.require(
        winners.isEmpty || claim.status == "processed", .claims,
        "somebody was handed \(claim.order), and \(id) is \(claim.status)")
      findings.require(
        claim.status != "processed" || shownRightly.contains(id), .claims,
        "\(id) is processed, and nobody has shown its code")
      let tries = wrongs[id]?.count ?? 0
      findings.require(
        tries <= Self.attempts || uncertain.contains(id), .claims,
        "a wrong code was shown \(tries) times for \(id)")
    }
    for id in withheld {
      findings.require(false, .claims, "somebody showed \(id)'s code, and it was called wrong")
    }
  }

  /// Whether the text has a code of the order's claim, and of no other; true where nobody can say.
  func isTold(by text: String, of order: String) -> Bool {
    guard let claim = ofOrders[order], !uncertain.contains(claim) else { return true }
    return (codes[claim] ?? []).contains { code in
      ClaimCode(code).map { text.contains($0.grouped) } ?? false
    }
  }
}
