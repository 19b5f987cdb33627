using System.Net;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Responding;

/// <summary>Answers waiting for their moment: a random delay, more known answers, or the one-second limit.</summary>
internal sealed class PendingResponse
{
    /// <summary>When it goes out.</summary>
    public required TimeSpan Due { get; set; }

    /// <summary>Answers left to give.</summary>
    public required List<OwnedRecord> Answers { get; init; }

    /// <summary>Who asked; further known answers from there take answers away.</summary>
    public IPAddress? Asker { get; init; }

    /// <summary>Where a unicast response goes; null for multicast.</summary>
    public IPEndPoint? Target { get; init; }

    /// <summary>Whether the asker is no multicast DNS host (RFC 6762 6.7).</summary>
    public bool IsLegacy { get; init; }

    /// <summary>Whether it defends a name against a probe, for which 250 ms instead of 1 s must lie between.</summary>
    public bool IsDefence { get; init; }

    /// <summary>Whether more known answers may still come.</summary>
    public bool IsWaitingForKnownAnswers { get; init; }

    /// <summary>Id to echo.</summary>
    public ushort Id { get; init; }

    /// <summary>Questions to echo.</summary>
    public IReadOnlyList<Question> Echoed { get; init; } = [];
}
