using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Requests to peers behind one bottleneck: the site's WAN link. However many of them there are, together they get one window,
/// or else their queues would add up to many seconds and claims would look stuck.
/// </summary>
internal sealed class RequestGroup(RequestWindow window, NodeBudget budget)
{
    /// <summary>The common window.</summary>
    public RequestWindow Window => window;

    /// <summary>Requests still wanted, of all peers of the group.</summary>
    public int Live { get; private set; }

    /// <summary>Number the next request will get.</summary>
    public long NextNumber { get; private set; }

    /// <summary>The window has room.</summary>
    public bool HasRoom => Live < window.Blocks;

    /// <summary>A request was sent.</summary>
    public void Numbered() => NextNumber++;

    /// <summary>Nobody waits for the answers any more.</summary>
    public void Abandon() => Count(-Live);

    /// <summary>Requests came or went.</summary>
    public void Count(int change)
    {
        Live += change;
        budget.CountInFlight((long)change * BlockRange.BlockSize);
    }
}
