using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// What a node may bring in and send, over all of its torrents: every engine asks it before it sends a request, because a download is
/// slowed down by not asking, never by not reading. It also holds what is known of the site's other members and the window of background
/// transfers. Thread-safe; the only thing that engines of one process share.
/// </summary>
public sealed class NodeBudget
{
    /// <summary>Seconds without a piece from anywhere after which a node takes the least share whatever it hears of other members.</summary>
    public const int StarvedSeconds = 30;

    /// <summary>Requests are paced so much faster than the window's rate, so that the window is what binds.</summary>
    private const double OverPace = 1.25;

    /// <summary>A burst of so many seconds of the rate is a queue as long.</summary>
    private const double PaceCatchUpSeconds = 0.01;

    /// <summary>Seconds within which what is on its way of our uploads is to become what the window says: two looks.</summary>
    private const double CorrectionSeconds = 0.1;

    /// <summary>Seconds between looks at the kernel while something is being sent.</summary>
    private const double LookSeconds = 0.05;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TokenBucket _near;
    private readonly TokenBucket _far;
    private readonly TokenBucket _pace;
    private readonly Demand _down;
    private readonly Demand _up;
    private readonly SiteMembers _members;
    private readonly SiteShares _downShares;
    private readonly SiteShares _upShares;
    private readonly BackgroundWindow _downWindow;
    private readonly BackgroundWindow _upWindow;
    private TransferLimits _limits = TransferLimits.None;
    private uint _self;
    private long _inFlight;
    private long _arrived;
    private long _uploadsMeasuredAt = long.MinValue;
    private double _upRate = BackgroundWindow.Initial / LookSeconds;
    private long _sharedAt = long.MinValue;
    private bool _isWindowFull;
    private bool _isUploadHeldBack;
    private volatile bool _isFarBounded;
    private volatile bool _isNearBounded;
    private double? _downShare;
    private double? _upShare;
    private long _toldVersion;
    private long _progressAt;

    /// <summary>A budget without limits.</summary>
    public NodeBudget(TimeProvider time)
    {
        _time = time;
        var ticks = time.TimestampFrequency;
        var now = time.GetTimestamp();
        _progressAt = now;
        _near = new TokenBucket(ticks);
        _far = new TokenBucket(ticks);
        _pace = new TokenBucket(ticks, PaceCatchUpSeconds);
        _down = new Demand(ticks);
        _up = new Demand(ticks);
        _members = new SiteMembers(ticks);
        _downShares = new SiteShares(ticks, now);
        _upShares = new SiteShares(ticks, now);
        _downWindow = new BackgroundWindow(ticks);
        _upWindow = new BackgroundWindow(ticks, BackgroundWindow.UpTarget);
    }

    /// <summary>Give way to others' traffic on the WAN link: <see cref="MeasureDownloads"/> and <see cref="MeasureUploads"/> are called at an interval. Set before the first use.</summary>
    public bool IsBackground { get; init; }

    /// <summary>The limits in force; may be set at any time.</summary>
    public TransferLimits Limits
    {
        get
        {
            lock (_gate)
                return _limits;
        }
        set
        {
            lock (_gate)
            {
                _limits = value;
                _near.SetRate(value.LanDown, _time.GetTimestamp());
                _isNearBounded = value.LanDown is not null;
                _isFarBounded = IsBackground || value.WanDown is not null || value.SiteWanDown is not null;
                _sharedAt = long.MinValue;
                Share(_time.GetTimestamp());
            }
        }
    }

    /// <summary>The site's members have to hear of each other.</summary>
    public bool IsShared
    {
        get
        {
            lock (_gate)
                return _limits.SiteWanDown is not null || _limits.SiteWanUp is not null || IsBackground;
        }
    }

    /// <summary>What the limits come to now.</summary>
    public BudgetStatus Status
    {
        get
        {
            lock (_gate)
            {
                Share(_time.GetTimestamp());
                return new BudgetStatus
                {
                    Limits = _limits,
                    IsBackground = IsBackground,
                    SiteDownShare = Whole(_downShare),
                    SiteUpShare = Whole(_upShare),
                    SiteFetchers = _downShares.Sharers,
                    WindowBytes = IsBackground ? (long)_downWindow.Bytes : null,
                    QueueMilliseconds = _downWindow.Queue * 1000,
                };
            }
        }
    }

    /// <summary>Bytes per second that may be sent beyond the WAN link now; null for no limit.</summary>
    public double? WanUpRate
    {
        get
        {
            lock (_gate)
            {
                Share(_time.GetTimestamp());
                var rate = Lower(_limits.WanUp, _upShare);
                return IsBackground ? Lower(rate, _upRate) : rate;
            }
        }
    }

    /// <summary>What was sent beyond the WAN link since the last call.</summary>
    /// <param name="bytes">Payload bytes.</param>
    /// <param name="isHeldBack">More waits to be sent.</param>
    public void Uploaded(long bytes, bool isHeldBack)
    {
        lock (_gate)
        {
            _isUploadHeldBack = isHeldBack;
            _up.Used(bytes);
            if (isHeldBack)
                _up.HeldBack();
            _up.Advance(_time.GetTimestamp());
        }
    }

    /// <summary>The kernel was asked about the connections over the WAN link.</summary>
    public void MeasureDownloads(ReadOnlySpan<PathSample> downloads)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var slowdowns = _downWindow.Slowdowns;
            _downWindow.Measure(downloads, _isWindowFull, HasFarTraffic, Interlocked.Exchange(ref _arrived, 0), now);
            _isWindowFull = false;
            if (_downWindow.Slowdowns != slowdowns)
                _toldVersion++;
        }
    }

    /// <summary>
    /// The kernel was asked about the connections over the WAN link on which we are sending. What TCP holds is not ours to bound, so the
    /// rate is set such that soon as much is on its way as the window says.
    /// </summary>
    /// <param name="uploads">The connections.</param>
    /// <param name="inFlight">Bytes written and not acknowledged, on all of them.</param>
    /// <param name="acknowledged">Bytes acknowledged since the last look.</param>
    public void MeasureUploads(ReadOnlySpan<PathSample> uploads, long inFlight, long acknowledged)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            _upWindow.Measure(uploads, _isUploadHeldBack, inFlight > 0, acknowledged, now);
            var seconds = _uploadsMeasuredAt == long.MinValue ? 1 : (double)(now - _uploadsMeasuredAt) / _time.TimestampFrequency;
            _uploadsMeasuredAt = now;
            var expected = acknowledged / Math.Max(seconds, LookSeconds);
            _upRate = Math.Max(expected + Math.Max(-expected, (_upWindow.Bytes - inFlight) / CorrectionSeconds), BackgroundWindow.LeastRate);
        }
    }

    /// <summary>Something has been asked for over the WAN link and not come.</summary>
    public bool HasFarTraffic => Interlocked.Read(ref _inFlight) > 0;

    /// <summary>We give way on the WAN link so far that there is no room for two blocks on their way.</summary>
    internal bool IsNarrow
    {
        get
        {
            if (!IsBackground)
                return false;
            lock (_gate)
                return _downWindow.Bytes < 2 * BlockRange.BlockSize;
        }
    }

    /// <summary>There is a queue on our way, and far peers that nothing is asked of are to be sent a word, to learn whose queue it is.</summary>
    internal bool IsDoubtful
    {
        get
        {
            if (!IsBackground)
                return false;
            lock (_gate)
                return _downWindow.IsDoubtful;
        }
    }

    /// <summary>Our name among the site's members.</summary>
    internal void Join(PeerId self)
    {
        lock (_gate)
            _self = SiteMembers.NameOf(self);
    }

    /// <summary>A request to a peer may be sent now; if not, when to try again (<see cref="long.MaxValue"/>: when something has come).</summary>
    /// <param name="isFar">Beyond the WAN link.</param>
    /// <param name="bytes">Bytes of the request.</param>
    /// <param name="batchSeconds">Wait until so much of the rate can be asked for in one go; 0 for single blocks.</param>
    /// <param name="now">Timestamp.</param>
    /// <param name="retryAt">When to try again.</param>
    internal bool MayAsk(bool isFar, int bytes, double batchSeconds, long now, out long retryAt)
    {
        retryAt = long.MinValue;
        if (isFar ? !_isFarBounded : !_isNearBounded)
            return true;
        lock (_gate)
        {
            var batch = (long)(batchSeconds * _time.TimestampFrequency);
            if (!isFar)
            {
                retryAt = After(_near.FreeAt, batch);
                return retryAt <= now;
            }
            Share(now);
            if (_far.FreeAt != long.MinValue)
                retryAt = After(_far.FreeAt, batch);
            if (retryAt > now)
            {
                _down.HeldBack();
                return false;
            }
            return !IsBackground || HasWindow(bytes, now, out retryAt);
        }
    }

    /// <summary>Takes what a request to a peer costs; false when it may not be sent now.</summary>
    internal bool TryAsk(bool isFar, int bytes, long now)
    {
        if (!MayAsk(isFar, bytes, 0, now, out _))
            return false;
        if (isFar ? !_isFarBounded : !_isNearBounded)
            return true;
        lock (_gate)
        {
            if (!isFar)
            {
                _near.Take(bytes, now);
                return true;
            }
            _down.Used(bytes);
            _far.Take(bytes, now);
            _pace.Take(bytes, now);
            return true;
        }
    }

    /// <summary>A request was refused: what it cost is there again.</summary>
    internal void Return(bool isFar, int bytes)
    {
        if (isFar ? !_isFarBounded : !_isNearBounded)
            return;
        lock (_gate)
            (isFar ? _far : _near).Return(bytes);
    }

    /// <summary>A piece came in, from anywhere.</summary>
    internal void Progressed(long now) => Interlocked.Exchange(ref _progressAt, now);

    /// <summary>Nothing may be asked for beyond the WAN link: the others are left to it.</summary>
    internal bool IsFarOff
    {
        get
        {
            if (!_isFarBounded)
                return false;
            lock (_gate)
                return _far.Rate == 0;
        }
    }

    /// <summary>Bytes asked for beyond the WAN link, and not come, became more or less.</summary>
    internal void CountInFlight(long bytes)
    {
        Interlocked.Add(ref _inFlight, bytes);
        if (bytes < 0)
            Interlocked.Add(ref _arrived, -bytes);
    }

    /// <summary>Moves when the neighbours have to be told anew what we need.</summary>
    internal long NewsVersion
    {
        get
        {
            lock (_gate)
            {
                _down.Advance(_time.GetTimestamp());
                return _toldVersion + _down.Version + _up.Version;
            }
        }
    }

    /// <summary>We use the WAN link, or want to: neighbours hear of it as long as that lasts.</summary>
    internal bool IsUsingWan
    {
        get
        {
            lock (_gate)
                return _down.Bytes > 0 || _up.Bytes > 0;
        }
    }

    /// <summary>Writes the numbers of a <see cref="Leases.ClaimMessageKind.Needs"/> message; their count.</summary>
    internal int WriteNeeds(Span<int> numbers, long now)
    {
        lock (_gate)
        {
            numbers[0] = (int)(_downWindow.Slowdowns & int.MaxValue);
            return 1 + _members.Write(_self, _down.Bytes, _up.Bytes, now, numbers[1..]);
        }
    }

    /// <summary>A neighbour told what it and others need.</summary>
    /// <param name="numbers">The message's numbers.</param>
    /// <param name="seenSlowdowns">Slowdowns it had told of before, or -1; updated.</param>
    /// <param name="now">Timestamp.</param>
    internal bool Heard(ReadOnlySpan<int> numbers, ref int seenSlowdowns, long now)
    {
        if (numbers.Length % SiteMembers.Fields != 1 || numbers.Length < 1 + SiteMembers.Fields)
            return false;
        lock (_gate)
        {
            if (seenSlowdowns >= 0 && numbers[0] != seenSlowdowns)
                _downWindow.SlowDown(now);
            seenSlowdowns = numbers[0];
            for (var index = 1; index < numbers.Length; index += SiteMembers.Fields)
            {
                var name = unchecked((uint)numbers[index]);
                var age = Math.Clamp(numbers[index + 3], 0, 60_000) * _time.TimestampFrequency / 1000;
                if (name != _self)
                    _members.Heard(name, numbers[index + 1], numbers[index + 2], now - age);
            }
            _sharedAt = long.MinValue;
            return true;
        }
    }

    /// <summary>The connection to a member ended.</summary>
    internal void Gone(PeerId member, long now)
    {
        lock (_gate)
        {
            _members.Gone(SiteMembers.NameOf(member), now);
            _sharedAt = long.MinValue;
        }
    }

    private bool HasWindow(int bytes, long now, out long retryAt)
    {
        retryAt = long.MaxValue;
        var inFlight = Interlocked.Read(ref _inFlight);
        if (inFlight > 0 && inFlight + bytes > _downWindow.Bytes)
        {
            _isWindowFull = true;
            return false;
        }
        // A window of a block or two is no window, and a large one that has room all at once must not be a burst.
        _pace.SetRate(_downWindow.Rate * OverPace, now);
        retryAt = _pace.FreeAt;
        if (retryAt <= now)
            return true;
        _isWindowFull = true;
        return false;
    }

    /// <summary>Works the shares out anew, at most once a millisecond.</summary>
    private void Share(long now)
    {
        if (_sharedAt != long.MinValue && now - _sharedAt < _time.TimestampFrequency / 1000)
            return;
        _sharedAt = now;
        _members.Advance(now);
        _down.Advance(now);
        if (_down.Bytes == 0)
            Progressed(now);
        _downShare = _limits.SiteWanDown is { } down
            ? _downShares.Share(down, new SiteShares.Need(_self, _down.Bytes, now), _members.Needs(isDown: true), now)
            : null;
        // Left to others that bring nothing, or to members that somebody made up, a node would wait for ever.
        if (_downShare < SiteShares.LeastShare && now - Interlocked.Read(ref _progressAt) > StarvedSeconds * _time.TimestampFrequency)
            _downShare = Math.Min(SiteShares.LeastShare, _limits.SiteWanDown!.Value);
        _upShare = _limits.SiteWanUp is { } up
            ? _upShares.Share(up, new SiteShares.Need(_self, _up.Bytes, now), _members.Needs(isDown: false), now)
            : null;
        _far.SetRate(Lower(_limits.WanDown, _downShare), now);
    }

    private static long After(long freeAt, long batch) => freeAt >= long.MaxValue - batch || freeAt == long.MinValue ? freeAt : freeAt + batch;

    private static double? Lower(double? one, double? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;

    private static long? Whole(double? rate) => rate is { } bytes ? (long)bytes : null;
}
