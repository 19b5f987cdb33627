using System.Net;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>What was exchanged by PEX with one peer that speaks it.</summary>
internal sealed class PexState
{
    /// <summary>The id it gave to <c>ut_pex</c>; 0 for not any more.</summary>
    public byte Id { get; set; }

    /// <summary>When it was told last; null for never.</summary>
    public long? ToldAt { get; set; }

    /// <summary>When it was last looked at whether there is something to tell it; null for never.</summary>
    public long? LookedAt { get; set; }

    /// <summary>Peers it takes us to be connected to.</summary>
    public List<IPEndPoint> Told { get; } = [];

    /// <summary>When it last told us; null for never.</summary>
    public long? HeardAt { get; set; }

    /// <summary>Messages that came too soon after the one before.</summary>
    public int TooSoon { get; set; }

    /// <summary>Peers taken from it.</summary>
    public int Taken { get; set; }
}
