using Microsoft.Extensions.Logging;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Node.Limits;

/// <summary>
/// Which limits are in force: those of the options, those of the hours over them, and what a person changed since the start over both.
/// Sets the swarm's whenever that changes.
/// </summary>
internal sealed class LimitKeeper : IAsyncDisposable
{
    /// <summary>Between looks at the clock: it may be set, and summer time begins.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly SwarmHost _swarm;
    private readonly TransferLimits _configured;
    private readonly IReadOnlyList<WanHours> _hours;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<LimitName, long?> _changes = [];
    private readonly ITimer _timer;
    private WanHours? _current;

    public LimitKeeper(SwarmHost swarm, TransferLimits configured, IReadOnlyList<WanHours> hours, TimeProvider time, ILogger logger)
    {
        _swarm = swarm;
        _configured = configured;
        _hours = hours;
        _time = time;
        _logger = logger;
        Apply();
        var interval = hours.Count > 0 ? LongestWait : Timeout.InfiniteTimeSpan;
        _timer = time.CreateTimer(static keeper => ((LimitKeeper)keeper!).Apply(), this, UntilNextMinute(), interval);
    }

    /// <summary>How things stand.</summary>
    public LimitStatus Status
    {
        get
        {
            var budget = _swarm.BudgetStatus;
            lock (_gate)
            {
                return new LimitStatus
                {
                    Configured = _configured,
                    InForce = budget.Limits,
                    Hours = _current?.ToString(),
                    Changed = [.. _changes.Keys.Order()],
                    IsBackground = budget.IsBackground,
                    SiteDownShare = budget.SiteDownShare,
                    SiteUpShare = budget.SiteUpShare,
                    SiteFetchers = budget.SiteFetchers,
                    WindowBytes = budget.WindowBytes,
                    QueueMilliseconds = budget.QueueMilliseconds,
                };
            }
        }
    }

    /// <summary>Changes limits until the process ends.</summary>
    public LimitStatus Change(LimitChange change)
    {
        lock (_gate)
        {
            if (change.Resets)
                _changes.Clear();
            foreach (var (name, rate) in change.Rates)
                _changes[name] = rate;
        }
        Apply();
        return Status;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Apply()
    {
        lock (_gate)
        {
            var now = _time.GetLocalNow();
            var minute = now.Hour * 60 + now.Minute;
            // The first of overlapping ranges holds.
            var hours = _hours.FirstOrDefault(range => range.Contains(minute));
            var limits = hours?.ApplyTo(_configured) ?? _configured;
            foreach (var (name, rate) in _changes)
                limits = LimitNames.With(limits, name, rate);
            if (hours != _current)
                NodeLog.HoursChanged(_logger, hours?.ToString() ?? "none");
            _current = hours;
            if (limits != _swarm.Limits)
                _swarm.Limits = limits;
        }
    }

    private TimeSpan UntilNextMinute() =>
        _hours.Count == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(60 - _time.GetLocalNow().Second);
}
