using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Engine.Tests.Limits;

public sealed class SiteMembersTests
{
    private const long Second = 1000;

    [Fact]
    public void Write_OwnNeedFirst_ThenTheLowestNamesWithTheirAge()
    {
        var members = new SiteMembers(Second);
        for (uint name = 100; name > 0; name--)
            members.Heard(name, 64, 0, 500);
        members.Heard(7, 0, 0, 600);
        var numbers = new int[SiteMembers.Fields * (SiteShares.MaxSharers + 1)];
        var written = members.Write(uint.MaxValue, double.MaxValue, 1024, 1000, numbers);
        Assert.Equal(numbers.Length, written);
        Assert.Equal([-1, SiteMembers.Unbounded, 1, 0, 1, 64, 0, 501], numbers[..8]);
        Assert.Equal(32 + 1, numbers[^4]);
    }

    [Fact]
    public void Heard_OlderWordOfAnother_ChangesNothing()
    {
        var members = new SiteMembers(Second);
        members.Heard(1, 64, 0, 1000);
        members.Heard(1, SiteMembers.Unbounded, 0, 900);
        Assert.Equal(64 * 1024, Assert.Single(members.Needs(isDown: true)).Bytes);
        members.Gone(1, 1100);
        members.Heard(1, 64, 0, 1050);
        Assert.Empty(members.Needs(isDown: true));
        members.Heard(1, 32, 0, 1200);
        Assert.Equal(32 * 1024, Assert.Single(members.Needs(isDown: true)).Bytes);
    }

    [Fact]
    public void Heard_TooMany_IsBoundedAndForgotten()
    {
        var members = new SiteMembers(Second);
        for (uint name = 0; name < 10_000; name++)
            members.Heard(name, 1, 1, 0);
        Assert.Equal(SiteShares.MaxMembers, members.Needs(isDown: false).Count());
        members.Advance(2 * SiteShares.DeadAfterMs + 1);
        Assert.Empty(members.Needs(isDown: false));
    }
}
