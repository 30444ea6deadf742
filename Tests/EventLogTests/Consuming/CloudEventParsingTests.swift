import Bytes
import ChainTypes
import EventLog
import JSON
import Testing

@Suite("Reading CloudEvents")
struct CloudEventParsingTests {
  private static let event = CloudEvent(
    id: .zero, type: "payment.paid", subject: "pay_01", sequence: 3, tenant: "shop",
    time: Timestamp(microseconds: 1_800_000_000_250_000), data: #"{"amount":"1","n":[1.50,null]}"#)

  @Test("what was written reads back the same")
  func roundTrip() throws {
    for tenant in ["shop", nil] {
      for subject in ["pay_01", "quote\" back\\ line\n tab\t é 漢 🜁 /", "bitcoin/ab/0"] {
        let event = CloudEvent(
          id: Self.event.id, type: "a.b", subject: subject, sequence: CloudEvent.maximumSequence,
          tenant: tenant, time: Timestamp(microseconds: -1_000), data: "{}")
        #expect(try CloudEvent(json: Array(event.json.utf8)) == event)
      }
    }
    #expect(try CloudEvent(json: Array(Self.event.json.utf8)) == Self.event)
  }

  @Test("data nested as deeply as a request may nest it is read inside its envelope")
  func deepData() throws {
    let arrays = JSONReader.maximumDepth - 1
    let data =
      #"{"a":"# + String(repeating: "[", count: arrays) + String(repeating: "]", count: arrays)
      + "}"
    #expect(throws: Never.self) { try JSONValue(parsing: Array(data.utf8)) }
    let event = CloudEvent(
      id: .zero, type: "a.b", subject: "s", sequence: 1, tenant: nil, time: Timestamp(seconds: 0),
      data: data)
    #expect(try CloudEvent(json: Array(event.json.utf8)) == event)
    let deeper = event.json.replacing("[]", with: "[[]]")
    #expect(throws: CloudEventError.self) { try CloudEvent(json: Array(deeper.utf8)) }
  }

  @Test(
    "every attribute must have a value that it can have",
    arguments: [
      (#""specversion":"1.0""#, #""specversion":"1.1""#, CloudEventError.invalid("specversion")),
      (#""specversion":"1.0","#, "", .missing("specversion")),
      (#""source":"/paywatch""#, #""source":"/else""#, .invalid("source")),
      (#""type":"payment.paid""#, #""type":"""#, .invalid("type")),
      (#""type":"payment.paid""#, #""type":7"#, .invalid("type")),
      (#""subject":"pay_01""#, #""subject":"a\u0000b""#, .invalid("subject")),
      (#""subject":"pay_01","#, "", .missing("subject")),
      (#""sequence":3"#, #""sequence":0"#, .invalid("sequence")),
      (#""sequence":3"#, #""sequence":-1"#, .invalid("sequence")),
      (#""sequence":3"#, #""sequence":3.0"#, .invalid("sequence")),
      (#""sequence":3"#, #""sequence":"3""#, .invalid("sequence")),
      (#""sequence":3"#, #""sequence":9007199254740992"#, .invalid("sequence")),
      (#""sequence":3,"#, "", .missing("sequence")),
      ("2027-01-15T08:00:00.250Z", "2027-02-29T08:00:00Z", .invalid("time")),
      ("2027-01-15T08:00:00.250Z", "2027-01-15T08:00:00+01:00", .invalid("time")),
      ("application/json", "text/plain", .invalid("datacontenttype")),
      (#""tenant":"shop""#, #""tenant":null"#, .invalid("tenant")),
      (#""data":{"amount":"1","n":[1.50,null]}"#, #""data":[]"#, .invalid("data")),
      (#","data":{"amount":"1","n":[1.50,null]}"#, "", .missing("data")),
      (#""tenant""#, #""Tenant""#, .unknown("Tenant")),
      (#""tenant":"shop""#, #""extra":{}"#, .unknown("extra")),
    ])
  func attributes(part: String, other: String, error: CloudEventError) {
    let text = Self.event.json.replacing(part, with: other)
    #expect(text != Self.event.json)
    #expect(throws: error) { try CloudEvent(json: Array(text.utf8)) }
  }

  @Test("the id is 64 lower-case digits")
  func id() {
    for id in ["AB" + String(repeating: "0", count: 62), String(repeating: "0", count: 62), "x"] {
      let text = Self.event.json.replacing(Self.event.id.hex, with: id)
      #expect(throws: CloudEventError.invalid("id")) { try CloudEvent(json: Array(text.utf8)) }
    }
  }

  @Test("an extension that Paywatch doesn't have is passed over")
  func extensions() throws {
    let text = Self.event.json.replacing(
      #""sequence":3"#, with: #""sequence":3,"traceparent":"00-ab","x1":1,"y":null"#)
    #expect(try CloudEvent(json: Array(text.utf8)) == Self.event)
  }

  @Test("no cut, no flipped byte and no doubled member is read as the event, and nothing traps")
  func damage() {
    let bytes = Array(Self.event.json.utf8)
    for end in 0..<bytes.count {
      #expect(throws: CloudEventError.self) { try CloudEvent(json: Array(bytes[..<end])) }
    }
    for index in bytes.indices {
      for flip: UInt8 in [0x01, 0x20, 0x80, 0xff] {
        var damaged = bytes
        damaged[index] ^= flip
        #expect((try? CloudEvent(json: damaged)) != Self.event)
      }
    }
    let doubled = Self.event.json.dropLast() + #","subject":"pay_01"}"#
    #expect(throws: CloudEventError.self) { try CloudEvent(json: Array(doubled.utf8)) }
    let long = [UInt8](repeating: 0x20, count: CloudEvent.maximumBytes) + bytes
    #expect(throws: CloudEventError.tooLong(bytes: long.count)) { try CloudEvent(json: long) }
  }

  @Test("times read back as they were written, to the day of a leap year")
  func times() {
    for microseconds: Int64 in [
      0, 951_782_400_000_000, 951_868_799_999_000, 1_800_000_000_250_000, -62_135_596_800_000_000,
      253_402_300_799_999_000, 4_107_542_400_000_000, -1_000,
    ] {
      let time = Timestamp(microseconds: microseconds)
      #expect(Timestamp(rfc3339: time.description) == time)
    }
    #expect(Timestamp(rfc3339: "1970-01-01T00:00:00Z") == Timestamp(seconds: 0))
    #expect(
      Timestamp(rfc3339: "1970-01-01T00:00:00.123456789Z") == Timestamp(microseconds: 123_456))
    for text in [
      "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00.Z", "1970-13-01T00:00:00Z",
      "1970-00-01T00:00:00Z", "1970-01-32T00:00:00Z", "1900-02-29T00:00:00Z",
      "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z",
      "1970-01-01 00:00:00Z", "+970-01-01T00:00:00Z", "1970-01-01T00:00:00.1234567890Z",
    ] {
      #expect(Timestamp(rfc3339: text) == nil, "\(text)")
    }
  }
}
