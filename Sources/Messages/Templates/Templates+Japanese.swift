extension Templates {
  static let japanese = Templates(
    confirmed: { order in
      Wording(
        "【\(order.shop)】ご注文を承りました",
        push: "お支払いを確認し、ご注文を承りました。",
        """
        ありがとうございます。お支払いを確認し、ご注文を承りました。
        ご用意ができましたらお知らせします。
        """)
    },
    preparing: { order in
      Wording(
        "【\(order.shop)】ご注文の準備を始めました",
        push: "ご注文の準備を始めました。",
        "ご注文の準備を始めました。")
    },
    ready: { order in
      Wording(
        "【\(order.shop)】ご注文の準備ができました",
        push: "ご注文の準備ができました。",
        """
        ご注文の準備ができました。下にコードがある場合は、受け取りの際にお見せください。
        コードを知っている人は代わりに受け取れますので、それまで誰にも見せないでください。
        """)
    },
    completed: { order in
      Wording(
        "【\(order.shop)】ご注文の品をお渡ししました",
        push: "ご注文の品をお渡ししました。",
        """
        ご注文の品をお渡ししました。どうぞお楽しみください。
        お受け取りになっていない場合は、すぐにお知らせください。
        """)
    },
    canceled: { order, cause in
      let reason =
        switch cause {
        case .requested: "ご注文はキャンセルされました。"
        case .expired: "期限までにお支払いがなかったため、ご注文はキャンセルされました。"
        case .outOfStock: "申し訳ございません。在庫が足りないため、ご注文をキャンセルいたしました。"
        case .paymentRefused: "ご指定の方法ではお支払いができないため、ご注文はキャンセルされました。"
        case .paymentCanceled: "お支払いの取り消しに伴い、ご注文はキャンセルされました。"
        case .paymentResolved: "お支払いが別の形で処理されたため、ご注文はキャンセルされました。"
        }
      return Wording(
        "【\(order.shop)】ご注文はキャンセルされました",
        push: "ご注文はキャンセルされました。",
        """
        \(reason)
        今後はお支払いにならないでください。すでにお支払いの場合は、当店で対応いたします。
        """)
    },
    held: { order, hold in
      let reason =
        switch hold {
        case .paymentReversed:
          """
          ご注文は保留中です。届いていたお支払いがネットワークによって取り消されました。
          自動的に再び届くことが多く、届きしだい再開します。
          """
        case .stockMissing:
          """
          ご注文は保留中です。在庫に足りないものがあります。
          確認のうえ、あらためてお知らせします。
          """
        case .refunding:
          """
          ご注文は保留中です。お支払いいただいた金額は、返金の手続き中、または返金済みです。
          引き続きご注文をご希望の場合は、当店までお声がけください。
          """
        }
      return Wording("【\(order.shop)】ご注文は保留中です", push: "ご注文は保留中です。", reason)
    },
    paymentRequested: { payment in
      Wording(
        "【\(payment.shop)】\(payment.amount) のお支払いをお願いします",
        push: "\(payment.until) までに \(payment.amount) をお支払いください。",
        """
        \(payment.until) までに、下のアドレスへ \(payment.amount) をお支払いください。
        必ず下に記したネットワークをお使いください。
        """)
    },
    partiallyPaid: { payment in
      Wording(
        "【\(payment.shop)】あと \(payment.missing) 不足しています",
        push: "ご注文のお支払いが、あと \(payment.missing) 不足しています。",
        """
        ご注文に対して \(payment.received) を受け取りました。あと \(payment.missing) 不足しています。
        \(payment.until) までに、残りを同じアドレスへお送りください。
        """)
    },
    late: { payment in
      Wording(
        "【\(payment.shop)】お支払いが期限後に届きました",
        push: "お支払いが期限後に届きました。",
        """
        ご注文のお支払いが、期限（\(payment.until)）の後に届きました。
        有効とするかどうかは店が確認します。お金が失われることはありません。
        """)
    },
    overpaid: { payment in
      Wording(
        "【\(payment.shop)】\(payment.excess) 多くお支払いいただいています",
        push: "\(payment.excess) 多くお支払いいただいています。",
        """
        ご注文に対して \(payment.received) が届きました。\(payment.excess) 多くなっています。
        差額は店からお返しすることができます。
        """)
    },
    expired: { payment in
      Wording(
        "【\(payment.shop)】お支払いの期限が過ぎました",
        push: "ご注文のお支払いの期限が過ぎました。",
        payment.isUnpaid
          ? """
          期限（\(payment.until)）までにお支払いがなかったため、ご注文はキャンセルされました。
          今後はそのアドレスへ何もお送りにならないでください。
          """
          : """
          期限（\(payment.until)）までに届いたのは、\(payment.amount) のうち \(payment.received) でした。
          これ以上はお送りにならないでください。届いた分は店が対応します。
          """)
    },
    refundSent: { refund in
      Wording(
        "【\(refund.shop)】返金をお送りしました",
        push: "\(refund.amount) の返金をお送りしました。",
        """
        下のアドレスへ \(refund.amount) の返金をお送りしました。
        ネットワークで最終的に確認されるまで、しばらくかかることがあります。
        """)
    },
    refundFinal: { refund in
      Wording(
        "【\(refund.shop)】返金が届きました",
        push: "\(refund.amount) の返金が届きました。",
        "\(refund.amount) の返金が下のアドレスに届き、確定しました。")
    },
    labels: Labels(
      order: "ご注文", location: "場所", total: "合計", amount: "金額", network: "ネットワーク",
      address: "アドレス", until: "期限", transaction: "取引", code: "受け取りコード", note: "備考",
      more: { "ほか \($0) 点" },
      unsubscribe: { "今後このお知らせが不要な場合: \($0)" }, colon: ": "))
}
