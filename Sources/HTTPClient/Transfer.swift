internal import CCurl

/// One request under way: its easy handle and what has come back. Lives on the transfer thread.
final class Transfer: RunningTransfer {
  let id: UInt64
  private let continuation: HTTPRequest.Continuation
  private let handle: UnsafeMutableRawPointer
  private let request: HTTPRequest
  private var headerList: UnsafeMutablePointer<curl_slist>?
  private var resolveList: UnsafeMutablePointer<curl_slist>?
  private var responseHeaders: [HTTPHeader] = []
  private var headerByteCount = 0
  private var body: [UInt8] = []
  /// The limit that the response has grown past.
  private var exceededLimit: Int?
  /// Whether the body's beginning is all that was wanted.
  private var isCut = false
  /// Where the connection would have gone.
  private var refusedAddress: String?
  private static let maximumHeaderBytes = 65_536
  private static let receiveBufferBytes = 512 * 1024
  private static let maximumConnectMilliseconds = 10_000

  init(
    id: UInt64, _ request: HTTPRequest, _ continuation: HTTPRequest.Continuation,
    handle: UnsafeMutableRawPointer
  ) {
    self.id = id
    self.continuation = continuation
    self.request = request
    self.handle = handle
  }

  deinit { release() }

  /// Sets all options of the handle; false where libcurl refuses one.
  func configure() -> Bool {
    let context = Unmanaged.passUnretained(self).toOpaque()
    // The loop keeps the transfer for as long as the handle is in use, so the context stays valid.
    let receivesBody = ccurl_set_receive(handle, CURLOPT_WRITEFUNCTION) {
      bytes, size, count, context in
      Transfer.from(context)?.receiveBody(bytes, size &* count) ?? 0
    }
    let receivesHeaders = ccurl_set_receive(handle, CURLOPT_HEADERFUNCTION) {
      bytes, size, count, context in
      Transfer.from(context)?.receiveHeader(bytes, size &* count) ?? 0
    }
    let codes = [
      receivesBody, receivesHeaders,
      ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context),
      ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context),
      ccurl_set_text(handle, CURLOPT_URL, request.url),
      ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
      ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0),
      ccurl_set_text(handle, CURLOPT_PROXY, ""),
      ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
      ccurl_set_long(handle, CURLOPT_TCP_NODELAY, 1),
      ccurl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1),
      ccurl_set_long(handle, CURLOPT_BUFFERSIZE, Self.receiveBufferBytes),
      ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, request.timeoutMilliseconds),
      ccurl_set_long(
        handle, CURLOPT_CONNECTTIMEOUT_MS,
        min(request.timeoutMilliseconds, Self.maximumConnectMilliseconds)),
      ccurl_set_size(
        handle, CURLOPT_MAXFILESIZE_LARGE,
        request.keepsBeginning ? 0 : request.maxResponseBytes),
    ]
    guard codes.allSatisfy({ $0 == CURLE_OK }) else { return false }
    return configureCredential() && configureBody() && configureHeaders() && configurePin()
  }

  private func configureCredential() -> Bool {
    guard let credential = request.credential else { return true }
    return ccurl_set_text(handle, CURLOPT_USERNAME, credential.user) == CURLE_OK
      && ccurl_set_text(handle, CURLOPT_PASSWORD, credential.password) == CURLE_OK
  }

  private func configureBody() -> Bool {
    guard request.method != .get else {
      return ccurl_set_long(handle, CURLOPT_HTTPGET, 1) == CURLE_OK
    }
    let size = ccurl_set_size(
      handle, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count)
    let copied = request.body.withUnsafeBytes { bytes in
      // Copied at once, so the pointer needn't outlive the call.
      ccurl_set_pointer(
        handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }
    let method = ccurl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    return size == CURLE_OK && copied == CURLE_OK && method == CURLE_OK
  }

  private func configureHeaders() -> Bool {
    // An empty `Expect` keeps libcurl from waiting for a "100 Continue" before bigger bodies.
    for header in request.headers + [HTTPHeader("Expect", "")] {
      let line = header.value.isEmpty ? "\(header.name):" : "\(header.name): \(header.value)"
      guard let longer = curl_slist_append(headerList, line) else { return false }
      headerList = longer
    }
    return ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headerList) == CURLE_OK
  }

  private func configurePin() -> Bool {
    guard let pin = request.pin else { return true }
    let context = Unmanaged.passUnretained(self).toOpaque()
    let opens = ccurl_set_open(
      handle, { context, _, address in Transfer.from(context)?.open(address) ?? -1 }, context)
    guard opens == CURLE_OK else { return false }
    guard let entry = pin.entry else { return true }
    guard let list = curl_slist_append(nil, entry) else { return false }
    resolveList = list
    return ccurl_set_pointer(handle, CURLOPT_RESOLVE, list) == CURLE_OK
  }

  /// A socket for an address that the request allows. This is asked of every connection, so that
  /// nothing else, however libcurl came by it, is connected to.
  private func open(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
    guard let address, let pin = request.pin else { return -1 }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = Int(ccurl_address_bytes(address, &bytes))
    let found = IPAddress(bytes: Array(bytes.prefix(count)))
    guard let found, pin.addresses.contains(found) else {
      refusedAddress = found?.description ?? "an unknown address"
      return -1
    }
    return ccurl_open_socket(address)
  }

  /// The handle no longer uses the request's lists.
  func release() {
    curl_slist_free_all(headerList)
    headerList = nil
    curl_slist_free_all(resolveList)
    resolveList = nil
  }

  func finish(_ code: CURLcode) { continuation.resume(returning: result(code)) }

  func fail(_ error: HTTPClientError) { continuation.resume(returning: .failure(error)) }
}

// Receiving.
extension Transfer {
  private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Keeps a part of the body, or ends the transfer by taking none of it.
  private func receiveBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard count > 0, let bytes else { return 0 }
    let room = request.maxResponseBytes - body.count
    guard count <= room || request.keepsBeginning else {
      exceededLimit = request.maxResponseBytes
      return 0
    }
    if body.isEmpty { reserveBody() }
    let part = UnsafeRawBufferPointer(start: bytes, count: min(count, room))
    body.append(contentsOf: part)
    isCut = count > room
    return part.count
  }

  /// Room for the length that the header announced, which libcurl has held against the limit.
  private func reserveBody() {
    var length = -1
    guard ccurl_get_size(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) == CURLE_OK,
      length > 0, length <= request.maxResponseBytes
    else { return }
    body.reserveCapacity(length)
  }

  private func receiveHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard count > 0, let bytes else { return 0 }
    headerByteCount += count
    guard headerByteCount <= Self.maximumHeaderBytes else {
      exceededLimit = Self.maximumHeaderBytes
      return 0
    }
    let line = UnsafeRawBufferPointer(start: bytes, count: count)
    if line.starts(with: "HTTP/".utf8) {
      // The header of another response, after an interim one such as "100 Continue".
      responseHeaders = []
    } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
      let name = String(decoding: line[..<colon], as: UTF8.self)
      responseHeaders.append(HTTPHeader(name, Self.trimmed(line[(colon + 1)...])))
    }
    return count
  }

  /// A header's value without the white space around it and the line's end (RFC 9110, section 5.5).
  private static func trimmed(_ value: Slice<UnsafeRawBufferPointer>) -> String {
    func isSpace(_ byte: UInt8) -> Bool {
      byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a
    }
    let rest = value.drop(while: isSpace)
    let end = rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  /// How the transfer ended, given libcurl's result.
  private func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPClientError> {
    if let exceededLimit { return .failure(.tooLarge(limit: exceededLimit)) }
    if let refusedAddress, code == CURLE_COULDNT_CONNECT {
      return .failure(.addressRefused(refusedAddress))
    }
    guard code == CURLE_OK || isCut else { return .failure(error(code)) }
    var status = 0
    _ = ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return .success(HTTPResponse(status: status, headers: responseHeaders, body: body))
  }

  private func error(_ code: CURLcode) -> HTTPClientError {
    code == CURLE_FILESIZE_EXCEEDED
      ? .tooLarge(limit: request.maxResponseBytes) : HTTPClientError(code, at: request.url)
  }
}
