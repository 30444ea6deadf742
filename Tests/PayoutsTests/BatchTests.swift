import Bytes
import JSON
import Payouts
import Testing

@Suite("files between server and signer")
struct BatchTests {
  private static func batches() throws -> [UnsignedBatch] {
    [try SampleBatches.bitcoin(), try SampleBatches.ethereum()]
  }

  @Test("a batch comes back from its file, signed and unsigned")
  func roundTrips() throws {
    for batch in try Self.batches() {
      #expect(try UnsignedBatch(parsing: batch.json.bytes) == batch)
      #expect(try UnsignedBatch(parsing: Array(batch.json.indentedJSON.utf8)) == batch)
      let signed = SampleBatches.signed(batch)
      #expect(try SignedBatch(parsing: signed.json.bytes) == signed)
    }
  }

  @Test("the members are the documented ones")
  func members() throws {
    let bitcoin = try SampleBatches.bitcoin().json
    #expect(bitcoin["format"]?.string == "paywatch.unsigned")
    #expect(bitcoin["chain_id"] == .null)
    #expect(bitcoin["created_at"]?.string == "2026-09-21T14:13:20.250Z")
    let transaction = try #require(bitcoin["transactions"]?.elements?.first)
    #expect(transaction["psbt"]?.string == "cHNidP8A")
    #expect(transaction["replaces"]?.string?.hasPrefix("out_") == true)
    let payment = try #require(transaction["payments_out"]?.elements?.first)
    #expect(payment["amount_minor"]?.string == "1500000")
    let refund = try #require(payment["refund"])
    #expect(refund["receipts_minor"]?.string == "2000000")
    #expect(refund["payment"]?.string?.hasPrefix("pay_") == true)
    #expect(refund["attestation"]?["kind"]?.string == "bip322")
    let signed = SampleBatches.signed(try SampleBatches.ethereum()).json
    #expect(signed["format"]?.string == "paywatch.signed" && signed["chain_id"] == 1)
    let first = try #require(signed["transactions"]?.elements?.first)
    #expect(first["raw"]?.string == "0x0201ff")
    #expect(first["txid"]?.string == "0x" + String(repeating: "0", count: 62) + "4d")
    #expect(first["nonce"] == 9 && first["gas"] == 65_000)
    #expect(first["value"]?.string == "0")
    #expect(first["max_fee_per_gas"]?.string == "31000000000")
    #expect(first["max_priority_fee_per_gas"]?.string == "1000000000")
    #expect(first["data"]?.string?.hasPrefix("0xa9059cbb0000") == true)
    let other = SampleBatches.signed(try SampleBatches.bitcoin()).json
    let row = try #require(other["transactions"]?.elements?.first)
    #expect(row["raw"]?.string == "0201ff")
    #expect(row["txid"]?.string == "4d" + String(repeating: "0", count: 62))
  }

  @Test("a file of the other kind is refused")
  func kinds() throws {
    let batch = try SampleBatches.bitcoin()
    #expect(throws: PayoutFileError.wrong("format", "“paywatch.signed”")) {
      try SignedBatch(parsing: batch.json.bytes)
    }
    #expect(throws: PayoutFileError.wrong("format", "“paywatch.unsigned”")) {
      try UnsignedBatch(parsing: SampleBatches.signed(batch).json.bytes)
    }
  }

  @Test("each member is needed, wherever it stands, and no other may be there")
  func strictness() throws {
    for batch in try Self.batches() {
      for json in [batch.json, SampleBatches.signed(batch).json] {
        var changes = 0
        for changed in json.withoutOneMember() + json.withOneMore() {
          changes += 1
          #expect(throws: PayoutFileError.self, "\(changed.json.prefix(300))") {
            if json["format"]?.string == "paywatch.signed" {
              _ = try SignedBatch(parsing: changed.bytes)
            } else {
              _ = try UnsignedBatch(parsing: changed.bytes)
            }
          }
        }
        #expect(changes > 20)
      }
    }
  }

  @Test(
    "values that aren't what they must be are refused with their place",
    arguments: [
      (#""version":1"#, #""version":2"#, "version"),
      (#""chain":"ethereum""#, #""chain":"Ethereum""#, "chain"),
      (#""chain_id":1"#, #""chain_id":0"#, "chain_id"),
      (#""chain_id":1"#, #""chain_id":null"#, "transactions[0].psbt"),
      (#""tenant":"shop""#, #""tenant":"sh\u001bop""#, "tenant"),
      (#""tenant":"shop""#, #""tenant":"sh\u202eop""#, "tenant"),
      (#""tenant":"shop""#, #""tenant":"""#, "tenant"),
      (#"2026-09-21T14"#, #"2026-09-31T14"#, "created_at"),
      (#""id":"out_"#, #""id":"ref_"#, "transactions[0].id"),
      (#""purpose":"sweep""#, #""purpose":"gift""#, "transactions[0].purpose"),
      ("0xf39Fd6", "0xF39Fd6", "transactions[0].from"),
      (#""path":"m/44h/60h/0h/1/0""#, #""path":"m/44h/60h/x""#, "transactions[0].path"),
      (#""nonce":9"#, #""nonce":"9""#, "transactions[0].nonce"),
      (#""nonce":9"#, #""nonce":9.0"#, "transactions[0].nonce"),
      (#""nonce":9"#, #""nonce":-1"#, "transactions[0].nonce"),
      (#""value":"0""#, #""value":"00""#, "transactions[0].value"),
      (#""value":"0""#, #""value":0"#, "transactions[0].value"),
      (#""data":"0xa9"#, #""data":"a9"#, "transactions[0].data"),
      (#""data":"0xa9"#, #""data":"0xa"#, "transactions[0].data"),
      (#""amount_minor":"2500000""#, #""amount_minor":"2.5""#, "payments_out[0].amount_minor"),
      (#""refund":null"#, #""refund":"pay_1""#, "payments_out[0].refund"),
      (#""refund":null"#, #""refund":{}"#, "payments_out[0].refund.id"),
      (#""transactions":["#, #""transactions":[1,"#, "transactions[0]"),
    ])
  func values(_ found: String, _ changed: String, _ place: String) throws {
    let text = try SampleBatches.ethereum().json.json
    let file = text.replacing(found, with: changed)
    try #require(file != text)
    let error = try #require(throws: PayoutFileError.self) {
      try UnsignedBatch(parsing: Array(file.utf8))
    }
    #expect("\(error)".contains(place), "\(error)")
  }

  @Test("two transactions of one id, none at all, and too many are refused")
  func counts() throws {
    var batch = try SampleBatches.bitcoin()
    let one = batch.transactions[0]
    batch.transactions = []
    #expect(throws: PayoutFileError.self) { try UnsignedBatch(parsing: batch.json.bytes) }
    batch.transactions = [one, one]
    #expect(throws: PayoutFileError.self) { try UnsignedBatch(parsing: batch.json.bytes) }
    batch.transactions = (0..<UInt64(1_001)).map { number in
      var other = one
      other.id = SampleBatches.id("out", number)
      return other
    }
    #expect(throws: PayoutFileError.wrong("transactions", "a list of at most 1000")) {
      try UnsignedBatch(parsing: batch.json.bytes)
    }
    batch.transactions.removeLast()
    #expect(try UnsignedBatch(parsing: batch.json.bytes) == batch)
  }

  @Test("a file too large is refused before it is read, and one cut short wherever it is cut")
  func sizes() throws {
    let bytes = [UInt8](repeating: 0x20, count: UnsignedBatch.maximumFileBytes + 1)
    #expect(throws: PayoutFileError.tooLarge(bytes: bytes.count)) {
      try UnsignedBatch(parsing: bytes)
    }
    let file = try SampleBatches.ethereum().json.bytes
    for count in file.indices {
      #expect(throws: PayoutFileError.self) { try UnsignedBatch(parsing: Array(file[..<count])) }
    }
  }
}

extension JSONValue {
  /// The value in all the forms that lack a member somewhere.
  func withoutOneMember() -> [JSONValue] {
    changedObjects { members in
      members.indices.map { index in
        var rest = members
        rest.remove(at: index)
        return rest
      }
    }
  }

  /// The value in all the forms that have a member more somewhere.
  func withOneMore() -> [JSONValue] {
    changedObjects { [$0 + [Member("memo", "x")]] }
  }

  private func changedObjects(_ change: ([Member]) -> [[Member]]) -> [JSONValue] {
    switch self {
    case .object(let members):
      var forms = change(members).map { JSONValue.object($0) }
      for (index, member) in members.enumerated() {
        for value in member.value.changedObjects(change) {
          var copy = members
          copy[index] = Member(member.name, value)
          forms.append(.object(copy))
        }
      }
      return forms
    case .array(let elements):
      return elements.indices.flatMap { index in
        elements[index].changedObjects(change).map { value in
          var copy = elements
          copy[index] = value
          return .array(copy)
        }
      }
    default: return []
    }
  }
}
