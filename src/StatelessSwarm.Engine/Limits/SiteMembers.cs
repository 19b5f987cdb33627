using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// What is known of the other members of the site that use, or used, its WAN link: told by themselves, or by a neighbour that heard of
/// them. Every entry carries its age, so that what is old never replaces what is new and the word of the dead dies out.
/// </summary>
/// <param name="ticksPerSecond">Timestamp units per second.</param>
internal sealed class SiteMembers(long ticksPerSecond)
{
    /// <summary>A need without bound, in the message.</summary>
    public const int Unbounded = int.MaxValue;

    /// <summary>Numbers per member in the message: name, need down and up in KiB/s, age in milliseconds.</summary>
    public const int Fields = 4;

    private readonly Dictionary<uint, Member> _members = [];
    private readonly List<uint> _dead = [];

    /// <summary>Needs of the others in one direction, in no order.</summary>
    public IEnumerable<SiteShares.Need> Needs(bool isDown)
    {
        foreach (var (name, member) in _members)
        {
            if (!member.IsGone)
                yield return new SiteShares.Need(name, isDown ? member.Down : member.Up, member.HeardAt);
        }
    }

    /// <summary>The short name of a member: the last four bytes of its peer id, which are random.</summary>
    public static uint NameOf(PeerId id)
    {
        Span<byte> bytes = stackalloc byte[PeerId.Size];
        id.CopyTo(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[^4..]);
    }

    /// <summary>A member's need was told.</summary>
    /// <param name="name">Which member.</param>
    /// <param name="down">KiB/s, or <see cref="Unbounded"/>.</param>
    /// <param name="up">The same, for uploads.</param>
    /// <param name="heardAt">When it said so.</param>
    public void Heard(uint name, int down, int up, long heardAt)
    {
        if (_members.TryGetValue(name, out var known))
        {
            if (known.HeardAt >= heardAt)
                return;
        }
        else if (_members.Count >= SiteShares.MaxMembers)
        {
            return;
        }
        _members[name] = new Member(BytesOf(down), BytesOf(up), heardAt, false);
    }

    /// <summary>Its connection ended: it is not waited for, and what others still say of it is old.</summary>
    public void Gone(uint name, long now)
    {
        if (_members.ContainsKey(name))
            _members[name] = new Member(0, 0, now, true);
    }

    /// <summary>Forgets the dead.</summary>
    public void Advance(long now)
    {
        foreach (var (name, member) in _members)
        {
            if (now - member.HeardAt > 2 * ticksPerSecond * SiteShares.DeadAfterMs / 1000)
                _dead.Add(name);
        }
        foreach (var name in _dead)
            _members.Remove(name);
        _dead.Clear();
    }

    /// <summary>
    /// Writes, after our own need, those of the other members that use the WAN, the lowest names first: who cannot connect to everybody
    /// still hears of those that count.
    /// </summary>
    /// <returns>Numbers written.</returns>
    public int Write(uint self, double down, double up, long now, Span<int> numbers)
    {
        Put(numbers, self, down, up, 0);
        var written = Fields;
        var alive = SiteShares.DeadAfterMs * ticksPerSecond / 1000;
        var last = -1L;
        while (written + Fields <= numbers.Length && written < Fields * (SiteShares.MaxSharers + 1))
        {
            var next = long.MaxValue;
            foreach (var (name, member) in _members)
            {
                var counts = !member.IsGone && now - member.HeardAt < alive && (member.Down > 0 || member.Up > 0);
                if (counts && name > last && name < next)
                    next = name;
            }
            if (next == long.MaxValue)
                break;
            last = next;
            var found = _members[(uint)next];
            Put(numbers[written..], (uint)next, found.Down, found.Up, (int)((now - found.HeardAt) * 1000 / ticksPerSecond) + 1);
            written += Fields;
        }
        return written;
    }

    private static void Put(Span<int> numbers, uint name, double down, double up, int ageMs)
    {
        numbers[0] = unchecked((int)name);
        numbers[1] = NumberOf(down);
        numbers[2] = NumberOf(up);
        numbers[3] = ageMs;
    }

    private static int NumberOf(double bytes) => bytes >= 1e12 ? Unbounded : (int)Math.Ceiling(bytes / 1024);

    private static double BytesOf(int number) => number == Unbounded ? double.MaxValue : Math.Max(0, number) * 1024.0;

    private readonly record struct Member(double Down, double Up, long HeardAt, bool IsGone);
}
