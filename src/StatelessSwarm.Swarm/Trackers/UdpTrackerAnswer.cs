namespace StatelessSwarm.Swarm.Trackers;

/// <summary>A datagram of a UDP tracker, read.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Transaction">The request's number, repeated.</param>
/// <param name="ConnectionId">Of <see cref="UdpTrackerAnswerKind.Connect"/>, else 0.</param>
/// <param name="Reply">Of <see cref="UdpTrackerAnswerKind.Announce"/>, else null.</param>
/// <param name="Reason">Of <see cref="UdpTrackerAnswerKind.Error"/>, printable, else null.</param>
internal readonly record struct UdpTrackerAnswer(
    UdpTrackerAnswerKind Kind,
    uint Transaction,
    ulong ConnectionId = 0,
    TrackerReply? Reply = null,
    string? Reason = null
);
