namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// One direction of a site's WAN budget, shared without a leader. Members tell each other what they need; everybody computes the same
/// split from what it has heard: the budget is filled in like water, nobody gets more than it needs, and at most so many members take
/// part that each gets <see cref="LeastShare"/> (those of the lowest ids; the others leave the WAN to them).
/// <list type="bullet">
/// <item>A share goes down at once and up only after <see cref="RaiseAfterMs"/>: whoever has to make room has heard of it by then, so
/// the sum stays within the budget while members come and go.</item>
/// <item>A newcomer that has heard of nobody takes a <see cref="NewcomerPart"/> for <see cref="NewcomerMs"/>.</item>
/// <item>A member unheard of for <see cref="DeadAfterMs"/> is gone, and its share is the others'.</item>
/// </list>
/// </summary>
/// <param name="ticksPerSecond">Timestamp units per second.</param>
/// <param name="startedAt">Timestamp of the start.</param>
internal sealed class SiteShares(long ticksPerSecond, long startedAt)
{
    /// <summary>Bytes per second with which a member takes part at least: a piece of 256 KiB in eight seconds.</summary>
    public const double LeastShare = 32 * 1024;

    /// <summary>Members that take part at most.</summary>
    public const int MaxSharers = 32;

    /// <summary>Milliseconds before a larger share is used: several round trips on a LAN, a slow timer included.</summary>
    public const int RaiseAfterMs = 250;

    /// <summary>The part of the budget that a newcomer starts with is one in so many.</summary>
    public const int NewcomerPart = 32;

    /// <summary>Milliseconds in which a newcomer hears of a neighbour if there is one.</summary>
    public const int NewcomerMs = 1500;

    /// <summary>Milliseconds of silence after which a member is gone: two signs of life missed.</summary>
    public const int DeadAfterMs = 2500;

    /// <summary>Members remembered at most.</summary>
    public const int MaxMembers = 256;

    private const int SlotMs = 50;
    private const int Slots = (RaiseAfterMs / SlotMs) + 1;

    private readonly double[] _targets = new double[Slots];
    private readonly List<Need> _sharers = [];
    private long _slot = long.MinValue;

    /// <summary>Members that take part, ourselves included.</summary>
    public int Sharers => _sharers.Count;

    /// <summary>Bytes per second that we may use now.</summary>
    /// <param name="budget">Bytes per second of the site.</param>
    /// <param name="self">Our own need.</param>
    /// <param name="others">What is known of the others, the dead among them too.</param>
    /// <param name="now">Timestamp.</param>
    public double Share(double budget, in Need self, IEnumerable<Need> others, long now)
    {
        var target = Target(budget, self, others, now);
        var slot = now / (ticksPerSecond * SlotMs / 1000);
        if (_slot == long.MinValue)
            Array.Fill(_targets, Math.Min(target, budget / NewcomerPart));
        else
            Turn(slot, target);
        _slot = slot;
        ref var current = ref _targets[Index(slot)];
        current = Math.Min(current, target);
        var least = target;
        foreach (var earlier in _targets)
            least = Math.Min(least, earlier);
        return least;
    }

    /// <summary>A new slot begins with the target; in those passed over nobody asked, and the share was what it was.</summary>
    private void Turn(long slot, double target)
    {
        if (slot <= _slot)
            return;
        var before = _targets[Index(_slot)];
        for (var passed = Math.Max(_slot + 1, slot - Slots + 1); passed < slot; passed++)
            _targets[Index(passed)] = before;
        _targets[Index(slot)] = target;
    }

    private static int Index(long slot) => (int)(((slot % Slots) + Slots) % Slots);

    private double Target(double budget, in Need self, IEnumerable<Need> others, long now)
    {
        _sharers.Clear();
        var heardOfOthers = false;
        foreach (var other in others)
        {
            if (now - other.HeardAt > ticksPerSecond * DeadAfterMs / 1000)
                continue;
            heardOfOthers = true;
            if (other.Bytes > 0)
                _sharers.Add(other);
        }
        if (self.Bytes <= 0)
            // Enough for a first request, by which it shows whether more is needed.
            return Math.Min(LeastShare, budget / NewcomerPart);
        _sharers.Add(self);
        if (!heardOfOthers && now - startedAt < ticksPerSecond * NewcomerMs / 1000)
            return budget / NewcomerPart;
        var most = (int)Math.Clamp(budget / LeastShare, 1, MaxSharers);
        if (_sharers.Count > most)
        {
            _sharers.Sort(static (one, other) => one.Member.CompareTo(other.Member));
            _sharers.RemoveRange(most, _sharers.Count - most);
            if (!_sharers.Contains(self))
                return 0;
        }
        return Math.Min(self.Bytes, Level(budget));
    }

    /// <summary>The level up to which needs are met, so that together they take the whole budget.</summary>
    private double Level(double budget)
    {
        _sharers.Sort(static (one, other) => one.Bytes != other.Bytes ? one.Bytes.CompareTo(other.Bytes) : one.Member.CompareTo(other.Member));
        var left = budget;
        for (var index = 0; index < _sharers.Count; index++)
        {
            var even = left / (_sharers.Count - index);
            if (_sharers[index].Bytes >= even)
                return even;
            left -= _sharers[index].Bytes;
        }
        return double.MaxValue;
    }

    /// <summary>What a member needs.</summary>
    /// <param name="Member">Short name of the member: four bytes of its peer id.</param>
    /// <param name="Bytes">Bytes per second; <see cref="double.MaxValue"/> for as much as there is.</param>
    /// <param name="HeardAt">When it said so.</param>
    internal readonly record struct Need(uint Member, double Bytes, long HeardAt);
}
