internal import CCurl

/// One mail under way. Lives on the transfer thread.
final class MailTransfer: RunningTransfer {
  let id: UInt64
  private let continuation: MailSubmission.Continuation
  private let handle: UnsafeMutableRawPointer
  private let mail: MailSubmission
  private var recipientList: UnsafeMutablePointer<curl_slist>?
  private var sentCount = 0
  /// The last lines that the server said.
  private var replies: [UInt8] = []
  private static let maximumReplyBytes = 4_096
  private static let maximumConnectMilliseconds = 10_000

  init(
    id: UInt64, _ mail: MailSubmission, _ continuation: MailSubmission.Continuation,
    handle: UnsafeMutableRawPointer
  ) {
    self.id = id
    self.continuation = continuation
    self.mail = mail
    self.handle = handle
  }

  deinit { release() }

  func configure() -> Bool {
    let context = Unmanaged.passUnretained(self).toOpaque()
    // The loop keeps the transfer for as long as the handle is in use, so the context stays valid.
    let sends = ccurl_set_send(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
      MailTransfer.from(context)?.send(bytes, size &* count) ?? 0
    }
    let receives = ccurl_set_receive(handle, CURLOPT_HEADERFUNCTION) {
      bytes, size, count, context in
      MailTransfer.from(context)?.receive(bytes, size &* count) ?? 0
    }
    // What isn't a reply's line goes nowhere.
    let ignores = ccurl_set_receive(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in
      size &* count
    }
    for recipient in mail.recipients {
      guard let longer = curl_slist_append(recipientList, "<\(recipient)>") else { return false }
      recipientList = longer
    }
    let security = mail.server.security == .required ? CURLUSESSL_ALL : CURLUSESSL_NONE
    let codes = [
      sends, receives, ignores,
      ccurl_set_pointer(handle, CURLOPT_READDATA, context),
      ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context),
      ccurl_set_text(handle, CURLOPT_URL, mail.server.url),
      ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps"),
      ccurl_set_text(handle, CURLOPT_PROXY, ""),
      ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
      ccurl_set_long(handle, CURLOPT_USE_SSL, Int(security.rawValue)),
      ccurl_set_text(handle, CURLOPT_MAIL_FROM, "<\(mail.sender)>"),
      ccurl_set_pointer(handle, CURLOPT_MAIL_RCPT, recipientList),
      ccurl_set_long(handle, CURLOPT_UPLOAD, 1),
      ccurl_set_size(handle, CURLOPT_INFILESIZE_LARGE, mail.message.count),
      ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, mail.timeoutMilliseconds),
      ccurl_set_long(
        handle, CURLOPT_CONNECTTIMEOUT_MS,
        min(mail.timeoutMilliseconds, Self.maximumConnectMilliseconds)),
    ]
    return codes.allSatisfy { $0 == CURLE_OK } && configureTrust() && configureCredential()
  }

  private func configureTrust() -> Bool {
    guard let file = mail.server.trustedCertificates else { return true }
    return ccurl_set_text(handle, CURLOPT_CAINFO, file) == CURLE_OK
  }

  private func configureCredential() -> Bool {
    guard let credential = mail.server.credential else { return true }
    return ccurl_set_text(handle, CURLOPT_USERNAME, credential.user) == CURLE_OK
      && ccurl_set_text(handle, CURLOPT_PASSWORD, credential.password) == CURLE_OK
  }

  func release() {
    curl_slist_free_all(recipientList)
    recipientList = nil
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> MailTransfer? {
    context.map { Unmanaged<MailTransfer>.fromOpaque($0).takeUnretainedValue() }
  }

  private func send(_ bytes: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
    let count = min(room, mail.message.count - sentCount)
    guard let bytes, count > 0 else { return 0 }
    mail.message[sentCount..<sentCount + count].withUnsafeBytes {
      UnsafeMutableRawPointer(bytes).copyMemory(
        from: $0.baseAddress ?? .init(bytes), byteCount: $0.count)
    }
    sentCount += count
    return count
  }

  private func receive(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard let bytes else { return 0 }
    replies += UnsafeRawBufferPointer(start: bytes, count: count).suffix(Self.maximumReplyBytes)
    replies.removeFirst(max(0, replies.count - Self.maximumReplyBytes))
    return count
  }

  // MARK: The end

  func finish(_ code: CURLcode) { continuation.resume(returning: result(code)) }

  func fail(_ error: HTTPClientError) {
    continuation.resume(returning: .failure(.transfer(error)))
  }

  private func result(_ code: CURLcode) -> Result<SMTPReply, SMTPError> {
    var number = 0
    _ = ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &number)
    let reply = SMTPReply(code: number, text: text(of: number))
    switch code {
    case CURLE_OK: return .success(reply)
    case CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR: return .failure(.loginRefused(reply))
    case CURLE_OPERATION_TIMEDOUT, CURLE_USE_SSL_FAILED:
      return .failure(.transfer(HTTPClientError(code, at: mail.server.url)))
    default:
      // A refusal comes as one of several codes, with the reply's number.
      return .failure(
        (400...599).contains(number)
          ? .refused(reply) : .transfer(HTTPClientError(code, at: mail.server.url)))
    }
  }

  /// What the lines of the last reply of that number say, on one line; farewells come behind it.
  private func text(of number: Int) -> String {
    let lines = String(decoding: replies, as: UTF8.self)
      .split(whereSeparator: \.isNewline).reversed().drop { !$0.hasPrefix("\(number)") }
      .prefix { $0.hasPrefix("\(number)") }
    let words = lines.reversed().map { $0.dropFirst(4) }.joined(separator: " ")
    var text = ""
    for character in words {
      guard text.utf8.count + character.utf8.count <= SMTPReply.maximumTextBytes else { break }
      text.append(character)
    }
    return text
  }
}
