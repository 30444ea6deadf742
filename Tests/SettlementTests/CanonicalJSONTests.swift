import Aggregates
import Bytes
import ChainTypes
import Digests
import Foundation
import Payments
import Settlement
import Testing

/// The texts that are written by hand, beside what Foundation makes of the same.
@Suite("Canonical JSON")
struct CanonicalJSONTests {
  private static let texts = [
    "order-1", "a\"b\\c/d", "tab\tline\nreturn\rback\u{8}form\u{c}", "\u{0}\u{1}\u{1f}\u{7f}\u{80}",
    "Ünïcode, 漢字, 🪙, \u{2028}\u{2029}\u{feff}", "",
  ]

  private static func terms(
    _ text: String, metadata: String? = nil, amount: UInt256 = 150_000
  ) throws -> PaymentTerms {
    PaymentTerms(
      id: "pay_1", tenant: text, orderID: text, chain: try #require(ChainName("bitcoin-regtest")),
      asset: Asset(symbol: "BTC", decimals: 8), amount: amount, tolerance: .one,
      createdAt: Timestamp(microseconds: 1_800_000_000_123_456),
      expiresAt: Timestamp(seconds: 1_800_000_900), confirmations: 3, finality: .max,
      latePolicy: .hold, ordinal: .max, address: "bcrt1q", region: text, metadata: metadata)
  }

  /// Terms of a payment in tokens on an EVM chain.
  private static func token(_ text: String) throws -> PaymentTerms {
    PaymentTerms(
      id: "pay_2", tenant: text, orderID: text, chain: try #require(ChainName("base")),
      chainID: .max, asset: Asset(symbol: "USDC", decimals: 6, contract: Hash20()), amount: .one,
      tolerance: .zero, createdAt: Timestamp(seconds: 1), expiresAt: Timestamp(seconds: 2),
      confirmations: 1, finality: 1, latePolicy: .accept, ordinal: 1,
      address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", region: text, metadata: nil)
  }

  private static func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// The same value as Foundation writes it.
  private static func rewritten(_ text: String) throws -> String {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let data = try JSONSerialization.data(
      withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  @Test("terms are the text that Foundation encodes, whatever stands in them", arguments: texts)
  func terms(text: String) throws {
    for metadata in [nil, #"{"a":"\#(text.isEmpty ? "" : "b")"}"#, text] {
      let terms = try Self.terms(text, metadata: metadata)
      let written = try CanonicalJSON.text(terms)
      #expect(try written == Self.encoded(terms))
      #expect(try CanonicalJSON.value(PaymentTerms.self, from: written) == terms)
    }
    let token = try Self.token(text)
    #expect(try CanonicalJSON.text(token) == Self.encoded(token))
    #expect(try CanonicalJSON.value(PaymentTerms.self, from: CanonicalJSON.text(token)) == token)
    let largest = try Self.terms(text, amount: .max)
    #expect(try CanonicalJSON.text(largest) == Self.encoded(largest))
  }

  @Test("terms of a price are the text that Foundation encodes, and those without are as ever")
  func quotes() throws {
    let quote = PaymentQuote(
      id: "quo_1", currency: Asset(symbol: "USD", decimals: 2), price: 450,
      rate: try ExactDecimal("65000.125"), sources: 3, asOf: Timestamp(seconds: 5),
      lifetimeSeconds: 300, validUntil: Timestamp(seconds: 305))
    let plain = try Self.terms("o")
    let priced = PaymentTerms(
      id: "pay_1", tenant: "o", orderID: "o", chain: plain.chain, asset: plain.asset,
      amount: plain.amount, tolerance: plain.tolerance, createdAt: plain.createdAt,
      expiresAt: plain.expiresAt, confirmations: 3, finality: 6, latePolicy: .hold, ordinal: 1,
      address: "bcrt1q", region: "eu", metadata: nil, refundAddress: "bcrt1p", shortPolicy: .accept,
      overPolicy: .refund, quote: quote)
    let text = try CanonicalJSON.text(priced)
    #expect(try text == Self.encoded(priced))
    #expect(try CanonicalJSON.value(PaymentTerms.self, from: text) == priced)
    let document = try PaymentDocument.json(of: Payment(terms: priced))
    #expect(try document == Self.rewritten(document))
    // As it was stored before there were quotes.
    let old =
      #"{"address":"bcrt1q","amount":"150000","asset":{"decimals":8,"symbol":"BTC"},"#
      + #""chain":"bitcoin-regtest","confirmations":3,"createdAt":1800000000123456,"#
      + #""expiresAt":1800000900000000,"finality":4294967295,"id":"pay_1","latePolicy":"hold","#
      + #""orderID":"o","ordinal":18446744073709551615,"region":"o","tenant":"o","tolerance":"1"}"#
    #expect(try CanonicalJSON.text(plain) == old)
    let read = try CanonicalJSON.value(PaymentTerms.self, from: old)
    #expect(try read == plain && CanonicalJSON.text(read) == old)
  }

  @Test(
    "a document has its members by name, as Foundation sorts and escapes them", arguments: texts)
  func document(text: String) throws {
    var payment = Payment(terms: try Self.terms(text))
    let token = try PaymentDocument.json(of: Payment(terms: Self.token(text)))
    #expect(try token == Self.rewritten(token))
    for event in [nil, PaymentEvent(.created, from: .open, to: .open)] {
      let document = try PaymentDocument.json(of: payment, telling: event)
      #expect(try document == Self.rewritten(document))
    }
    let block = BlockRef(height: 840_000, hash: SHA256.hash([1]))
    let created = payment.terms.createdAt
    var transfers: [PaymentTransfer] = []
    for vout in UInt32(0)..<3 {
      let id = TransferID(
        chain: payment.terms.chain, txid: SHA256.hash([2]), position: .vout(vout))
      let isSeen = vout == 0
      transfers.append(
        PaymentTransfer(
          id: id, value: 1_000, state: isSeen ? .seen : .included, block: isSeen ? nil : block,
          firstSeen: created, blockTime: isSeen ? nil : created))
    }
    _ = try payment.apply(.observed(transfers))
    _ = try payment.apply(.deadlinePassed(lookedThrough: payment.terms.expiresAt))
    let events = try payment.apply(.resolved(by: text, reason: text))
    for event in events.map(Optional.some) + [nil] {
      let document = try PaymentDocument.json(of: payment, telling: event)
      #expect(try document == Self.rewritten(document))
    }
  }

  @Test("the shop's metadata stands at a document's end as it was given")
  func metadata() throws {
    let metadata = #"{"z":1,"a":{"b":[1.0,2e3]}}"#
    let document = try PaymentDocument.json(
      of: Payment(terms: Self.terms("order-1", metadata: metadata)))
    #expect(document.hasSuffix(#","version":0,"metadata":\#(metadata)}"#))
    let without = try PaymentDocument.json(of: Payment(terms: Self.terms("order-1")))
    #expect(document.hasPrefix(without.dropLast()))
  }
}
