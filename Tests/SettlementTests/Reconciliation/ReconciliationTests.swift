import Bytes
import ChainTypes
import Settlement
import Testing

@Suite("The comparison of the books with a chain")
struct ReconciliationTests {
  private let address = HeldAddress(ordinal: 1, tenant: "shop", text: "0xabc", script: [])
  private let reconciliation: Reconciliation

  init() throws {
    reconciliation = Reconciliation(
      spec: try World.spec(), block: BlockRef(height: 9, hash: World.hash("block")))
  }

  private func holding(_ parts: (UInt256, Holding.Part)...) -> Holding {
    var holding = Holding(contract: nil)
    for (value, part) in parts { holding.add(value, as: part) }
    return holding
  }

  private func row(_ holding: Holding, _ balance: UInt256) -> ReconciliationRow? {
    reconciliation.row(of: address, holding, balance: balance)
  }

  @Test("dust may be there or not, and nothing else")
  func dust() {
    let held = holding((100, .transfer), (3, .dust))
    #expect(row(held, 100) == nil)
    #expect(row(held, 103) == nil)
    #expect(row(held, 104)?.difference == "4")
    #expect(row(held, 99)?.difference == "-1")
  }

  @Test("what we sent is missing, and more than came is below zero")
  func sent() {
    let held = holding((100, .transfer), (60, .sent(isEstimated: false)))
    #expect(row(held, 40) == nil)
    #expect(row(held, 41)?.expected == "40")
    let below = holding((50, .sent(isEstimated: false)))
    #expect(row(below, 0)?.expected == "-50")
    #expect(row(below, 0)?.difference == "50")
  }

  @Test("what is known of a difference is said")
  func explanations() {
    #expect(
      row(holding((9, .unproven)), 9)?.explanation
        == "calls that nothing proves told of 9 more")
    #expect(
      row(holding((9, .income(isUnattributed: true))), 0)?.explanation
        == "9 was booked as income that nothing explains")
    let costly = holding((100, .transfer), (60, .sent(isEstimated: true)))
    #expect(row(costly, 45)?.explanation?.contains("booked as the most") == true)
    #expect(row(holding((9, .transfer)), 8)?.explanation == nil)
  }

  @Test("sums beyond 256 bits are a difference, not a trap")
  func overflow() {
    let held = holding((.max, .transfer), (.max, .transfer), (.max, .sent(isEstimated: false)))
    #expect(row(held, .max) != nil)
  }

  @Test("outputs are compared one by one")
  func coins() {
    let one = Outpoint(txid: World.hash("t"), vout: 0)
    let two = Outpoint(txid: World.hash("t"), vout: 1)
    let held = [
      HeldCoin(outpoint: one, value: 5, isCertain: true),
      HeldCoin(outpoint: two, value: 1, isCertain: false),
    ]
    #expect(reconciliation.row(of: address, held, unspent: [one: 5]) == nil)
    #expect(reconciliation.row(of: address, held, unspent: [one: 5, two: 1]) == nil)
    let other = Outpoint(txid: World.hash("u"), vout: 7)
    // The sum is right; the coins aren't.
    let row = reconciliation.row(of: address, held, unspent: [other: 5])
    #expect(row?.difference == "0")
    #expect(row?.explanation?.contains("is spent") == true)
    #expect(row?.explanation?.contains("isn't recorded") == true)
  }

  @Test(
    "differences of signed sums",
    arguments: [
      (5, 0, 7, 0, "2"), (0, 5, 0, 7, "-2"), (0, 5, 7, 0, "12"), (5, 0, 0, 7, "-12"),
      (3, 3, 0, 0, "0"),
    ] as [(UInt256, UInt256, UInt256, UInt256, String)])
  func signed(a: UInt256, b: UInt256, c: UInt256, d: UInt256, text: String) {
    let difference = SignedAmount(a, less: b).difference(to: SignedAmount(c, less: d))
    #expect(difference.description == text)
  }
}
