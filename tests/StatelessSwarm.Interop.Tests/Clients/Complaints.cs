namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>What a faultless transfer leaves in the logs: nothing.</summary>
internal static class Complaints
{
    /// <summary>Neither we nor any of them found a fault with a peer.</summary>
    public static void AssertNone(OurPeer ours, params IReadOnlyList<ForeignClient> theirs)
    {
        Assert.Empty(ours.Complaints);
        foreach (var client in theirs)
            Assert.True(client.Complaints.Count == 0, $"{client.GetType().Name}:\n{string.Join('\n', client.Complaints)}");
    }
}
