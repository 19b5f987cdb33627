using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Trust.Tests;

/// <summary>Keys with names: the same in every run.</summary>
internal static class TestKeys
{
    public static SigningKey Named(string name) =>
        SigningKey.FromSeed(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)));

    public static SigningKey[] Several(int count) =>
        [.. Enumerable.Range(0, count).Select(index => Named($"several {index}"))];
}
