using System.Net;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>
/// When one swarm is announced on one link. Three times at the start (0, 2 and 6 s), then every 4.5 to 5 min; a
/// newcomer is answered within a second, but no sooner than 10 s after our last announcement, and not at all if four
/// others have spoken meanwhile: on a link with hundreds of peers a newcomer needs to hear of a few.
/// </summary>
internal sealed class Announcing(TimeSpan start)
{
    /// <summary>Announcements at the start.</summary>
    public const int BurstLength = 3;

    /// <summary>Others that speak before an answer makes it needless.</summary>
    public const int EnoughOthers = 4;

    /// <summary>Pause after the first of the burst; doubles.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);

    /// <summary>Longest time between two announcements (BEP 14).</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>Shortest time between an announcement and an answer.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan IntervalSpread = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerSpread = TimeSpan.FromSeconds(1);

    private TimeSpan _regularAt = start;
    private TimeSpan _answerAt = TimeSpan.MaxValue;
    private TimeSpan? _sentAt;
    private IPEndPoint? _newcomer;
    private int _sent;
    private int _others;

    /// <summary>When to announce next.</summary>
    public TimeSpan DueAt => _answerAt < _regularAt ? _answerAt : _regularAt;

    /// <summary>It was announced.</summary>
    public void Sent(TimeSpan now, Random random)
    {
        _sent = Math.Min(_sent + 1, BurstLength);
        _sentAt = now;
        _answerAt = TimeSpan.MaxValue;
        _newcomer = null;
        _regularAt =
            _sent < BurstLength ? now + FirstPause * (1 << (_sent - 1)) : now + Interval - IntervalSpread * random.NextDouble();
    }

    /// <summary>Another peer announced the swarm.</summary>
    public void Heard(IPEndPoint peer, bool isNew, TimeSpan now, Random random)
    {
        if (_newcomer is null)
        {
            if (!isNew)
                return;
            _newcomer = peer;
            _others = 0;
            var wanted = now + AnswerSpread * random.NextDouble();
            var allowed = _sentAt is { } sentAt ? sentAt + ShortestInterval : wanted;
            _answerAt = wanted > allowed ? wanted : allowed;
        }
        else if (!peer.Equals(_newcomer) && ++_others >= EnoughOthers)
        {
            _answerAt = TimeSpan.MaxValue;
            _newcomer = null;
        }
    }
}
