package import HTTPTypes
package import Hummingbird
package import JSON
internal import NIOCore

extension Response {
  /// An answer whose body is the value's JSON.
  package static func json(
    _ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    json(bytes: value.bytes, status: status, headers: headers)
  }

  /// An answer whose body is JSON that the caller wrote, as hot routes and stored replies do.
  package static func json(
    bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    body(bytes, type: "application/json", status: status, headers: headers)
  }

  package static func body(
    _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var headers = headers
    headers[.contentType] = type
    // Hummingbird sets the length where the body is one buffer.
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// A problem as `application/problem+json` (RFC 9457).
  package static func problem(_ problem: Problem, requestID: String) -> Response {
    body(
      problem.json(requestID: requestID).bytes, type: "application/problem+json",
      status: problem.status, headers: problem.headers)
  }
}
