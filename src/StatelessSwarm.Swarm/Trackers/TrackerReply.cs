using System.Net;
using System.Text;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>What a tracker answered.</summary>
/// <param name="Interval">How long it wants us to wait before the next announce, see <see cref="BoundInterval"/>.</param>
/// <param name="Peers">At most <see cref="MaxPeers"/>.</param>
internal sealed record TrackerReply(TimeSpan Interval, IReadOnlyList<IPEndPoint> Peers)
{
    /// <summary>Peers that the tracker takes for members of our site, by their inside addresses; not among <see cref="Peers"/>, and at most
    /// <see cref="MaxPeers"/>. A hint: trackers know names and outside addresses only.</summary>
    public IReadOnlyList<IPEndPoint> Members { get; init; } = [];

    /// <summary>Peers taken from one reply at most.</summary>
    public const int MaxPeers = 200;

    private const int MaxReasonLength = 200;
    private const long ShortestSeconds = 5;
    private const long LongestSeconds = 60 * 60;

    /// <summary>An interval in seconds as a tracker says it, kept within 5 s and 1 h.</summary>
    public static TimeSpan BoundInterval(long seconds) =>
        TimeSpan.FromSeconds(Math.Clamp(seconds, ShortestSeconds, LongestSeconds));

    /// <summary>The reason a tracker gives for a refusal, fit for a line of a log: printable ASCII, at most 200
    /// characters.</summary>
    public static string Printable(ReadOnlySpan<byte> reason)
    {
        var text = new StringBuilder();
        foreach (var item in reason[..Math.Min(reason.Length, MaxReasonLength)])
            text.Append(item is >= 0x20 and < 0x7f ? (char)item : '?');
        return text.ToString();
    }

    /// <summary>One answer out of those a tracker gave to our announces over IPv4 and over IPv6: all peers, the
    /// shorter interval.</summary>
    public static TrackerReply Merge(IReadOnlyList<TrackerReply> replies) =>
        replies is [var only]
            ? only
            : new TrackerReply(replies.Min(reply => reply.Interval), [.. replies.SelectMany(reply => reply.Peers).Distinct()])
            {
                Members = [.. replies.SelectMany(reply => reply.Members).Distinct()],
            };
}
