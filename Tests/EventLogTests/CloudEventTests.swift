import Bytes
import ChainTypes
import EventLog
import Foundation
import Testing

@Suite("CloudEvents")
struct CloudEventTests {
  /// Made with coreutils: the encoding of `EventID` typed by hand, 0000000c "payment.paid"
  /// 00000006 "pay_01" 0000000000000003 and 32 bytes of 01, through `xxd -r -p | sha256sum`.
  @Test("an id is the SHA-256 of the documented encoding")
  func vector() throws {
    let cause = try Hash32(hex: String(repeating: "01", count: 32))
    let id = EventID.digest(type: "payment.paid", subject: "pay_01", sequence: 3, cause: cause)
    #expect(id.hex == "2f3b80bc8ac0ca6a6a71443af16bb250e578cedaf12e50a67f09922c4fd3d12c")
  }

  @Test("what belongs to one part of an event can't pass for another's")
  func unambiguous() {
    let ids: Set<Hash32> = [
      EventID.digest(type: "ab", subject: "c", sequence: 1, cause: .zero),
      EventID.digest(type: "a", subject: "bc", sequence: 1, cause: .zero),
      EventID.digest(type: "ab", subject: "c", sequence: 2, cause: .zero),
      EventID.digest(type: "ab", subject: "c", sequence: 1, cause: Hash32.zero.successor),
    ]
    #expect(ids.count == 4)
  }

  @Test("the JSON has CloudEvents' members in a fixed order")
  func json() {
    let event = CloudEvent(
      id: .zero, type: "payment.paid", subject: "pay_01", sequence: 3, tenant: "shop",
      time: Timestamp(microseconds: 1_800_000_000_250_000), data: #"{"amount":"1"}"#)
    let zeros = String(repeating: "0", count: 64)
    #expect(
      event.json == """
        {"specversion":"1.0","id":"\(zeros)","source":"/paywatch","type":"payment.paid",\
        "subject":"pay_01","time":"2027-01-15T08:00:00.250Z",\
        "datacontenttype":"application/json","sequence":3,"tenant":"shop",\
        "data":{"amount":"1"}}
        """)
  }

  @Test("any text in an event is JSON that reads back the same")
  func escaping() throws {
    let subject = "quote\" back\\ line\n tab\t bell\u{7} null\u{0} é 漢 🜁 /"
    let event = CloudEvent(
      id: .zero, type: "a.b", subject: subject, sequence: 1, tenant: nil,
      time: Timestamp(seconds: 0), data: "{}")
    let object = try JSONSerialization.jsonObject(with: Data(event.json.utf8)) as? [String: Any]
    #expect(object?["subject"] as? String == subject)
    #expect(object?["tenant"] == nil)
    #expect(object?["specversion"] as? String == "1.0")
    #expect(object?["sequence"] as? Int == 1)
    #expect((object?["data"] as? [String: Any])?.isEmpty == true)
  }
}

extension Hash32 {
  /// Another hash than this one.
  fileprivate var successor: Hash32 {
    var bytes = bytes
    bytes[31] &+= 1
    return Hash32(bytes) ?? .zero
  }
}
