import ChainTypes
import HTTPServer
import Testing

@Suite("parts of the server")
struct PartsTests {
  @Test(
    "JSON that isn't strict is refused",
    arguments: [
      "", "{", #"{"a":1,"a":2}"#, "01", "1.", "+1", "nul", "[1,]", #""\x""#, #""\ud800""#,
      "\"\u{1}\"",
      "1 2", #"{"a" 1}"#, String(repeating: "[", count: 100_000),
    ])
  func refusedJSON(text: String) {
    #expect(throws: Problem.self) { try JSONValue.parse(Array(text.utf8)) }
  }

  @Test("numbers keep their own text, strings their characters")
  func keptJSON() throws {
    let text = #"{"n":123456789012345678901234567890.10,"s":"a\"\\\u0001é😀","l":[true,null]}"#
    #expect(try JSONValue.parse(Array(text.utf8)).text == text)
    #expect(try JSONValue.parse(Array(#""\ud83d\ude00\/""#.utf8)) == "😀/")
  }

  @Test("a page shows up to its limit and tells how to go on")
  func page() {
    let rows = [1, 2, 3]
    let page = Page(rows, limit: 2, cursor: { String($0) }, json: { .integer($0) })
    #expect(page.json.text == #"{"data":[1,2],"next_after":"2"}"#)
    let last = Page(rows, limit: 3, cursor: { String($0) }, json: { .integer($0) })
    #expect(last.nextAfter == nil)
  }

  @Test("a rate limiter's memory is bounded whoever asks")
  func boundedLimiter() {
    let limiter = RateLimiter(RateLimit(burst: 1, perMinute: 1), keyLimit: 10)
    let now = Timestamp(seconds: 0)
    for number in 0..<1_000 { #expect(limiter.take(String(number), now: now) == nil) }
    #expect(limiter.bucketCount <= 20)
    #expect(limiter.take("999", now: now) == 60)
  }

  @Test("an API key shows only its beginning, and its digest isn't its text")
  func apiKey() {
    let key = APIKey.generate()
    #expect(key.text.utf8.count == 68)
    #expect(!"\(key)".contains(key.text))
    #expect(APIKey.digest(ofPresented: key.text) == key.digest)
    #expect(APIKey.digest(ofPresented: "pwk_short") == nil)
  }

  @Test(
    "dates are those of HTTP",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
    ])
  func dates(second: Int64, text: String) {
    #expect(HTTPDate.format(second: second) == text)
  }
}
