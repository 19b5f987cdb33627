namespace StatelessSwarm.Swarm.Trackers;

/// <summary>The <c>action</c> of a UDP tracker's datagram; the numbers are those of the wire (BEP 15).</summary>
internal enum UdpTrackerAnswerKind
{
    /// <summary>A connection id for the requests to come.</summary>
    Connect = 0,

    /// <summary>Peers.</summary>
    Announce = 1,

    /// <summary>A refusal.</summary>
    Error = 3,
}
