using Net.Aql;
using Net.Protocol.Aql;

namespace Net.UnitTests.Aql;

/// <summary>The table from error to category and gRPC status, row by row.</summary>
[TestClass]
public sealed class ErrorTableTests
{
    [TestMethod]
    [DataRow(0, ErrorCategory.CategoryUnknown, AqlStatus.Unknown)]
    [DataRow(1000, ErrorCategory.CategoryRetryable, AqlStatus.DeadlineExceeded)]
    [DataRow(1001, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable)]
    [DataRow(1002, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable)]
    [DataRow(1003, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable)]
    [DataRow(1004, ErrorCategory.CategoryNonRetryable, AqlStatus.Unavailable)]
    [DataRow(2000, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument)]
    [DataRow(2001, ErrorCategory.CategoryClientError, AqlStatus.Unimplemented)]
    [DataRow(2002, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument)]
    [DataRow(2003, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument)]
    [DataRow(3000, ErrorCategory.CategoryAuth, AqlStatus.Unauthenticated)]
    [DataRow(3001, ErrorCategory.CategoryAuth, AqlStatus.Unauthenticated)]
    [DataRow(3002, ErrorCategory.CategoryAuth, AqlStatus.PermissionDenied)]
    [DataRow(3003, ErrorCategory.CategoryAuth, AqlStatus.Unauthenticated)]
    [DataRow(4000, ErrorCategory.CategoryNonRetryable, AqlStatus.Internal)]
    [DataRow(4001, ErrorCategory.CategoryNonRetryable, AqlStatus.Internal)]
    [DataRow(4002, ErrorCategory.CategoryServerError, AqlStatus.Internal)]
    [DataRow(4003, ErrorCategory.CategoryRetryable, AqlStatus.ResourceExhausted)]
    [DataRow(4004, ErrorCategory.CategoryServerError, AqlStatus.Internal)]
    [DataRow(5000, ErrorCategory.CategoryNonRetryable, AqlStatus.Unimplemented)]
    [DataRow(5001, ErrorCategory.CategoryNonRetryable, AqlStatus.Unimplemented)]
    [DataRow(5002, ErrorCategory.CategoryNonRetryable, AqlStatus.Unimplemented)]
    [DataRow(6000, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument)]
    [DataRow(6001, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument)]
    [DataRow(6002, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument)]
    [DataRow(6003, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument)]
    [DataRow(7000, ErrorCategory.CategoryServerError, AqlStatus.Internal)]
    [DataRow(7001, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable)]
    [DataRow(7002, ErrorCategory.CategoryRetryable, AqlStatus.ResourceExhausted)]
    [DataRow(7003, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable)]
    public void Find_EachCode_HasItsCategoryAndStatus(int code, ErrorCategory category, AqlStatus status)
    {
        Assert.AreEqual(new AqlError((ErrorCode)code, category, status), AqlErrors.Find((ErrorCode)code));
    }

    [TestMethod]
    public void All_Codes_StandInTheTable()
    {
        CollectionAssert.AreEqual(Enum.GetValues<ErrorCode>().Order().ToArray(), AqlErrors.All.Select(row => row.Code).ToArray());
    }

    [TestMethod]
    public void Find_CodeOfALaterVersion_CountsAsUnknown()
    {
        Assert.AreEqual(AqlErrors.Find(ErrorCode.ErrorUnknown), AqlErrors.Find((ErrorCode)9999));
    }

    [TestMethod]
    public void Exception_WrittenAsAnswerAndRead_IsTheSame()
    {
        var error = new AqlException(ErrorCode.StorageFull, "The disk is full.") { Details = "more", RetryAfter = TimeSpan.FromMilliseconds(1200) };

        var read = new AqlException(ErrorResponse.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(error.ToResponse())));

        Assert.AreEqual(ErrorCode.StorageFull, read.Code);
        Assert.AreEqual("The disk is full.", read.Message);
        Assert.AreEqual("more", read.Details);
        Assert.AreEqual(TimeSpan.FromSeconds(2), read.RetryAfter);
        Assert.AreEqual(AqlStatus.ResourceExhausted, read.Status);
        Assert.AreEqual(ErrorCategory.CategoryRetryable, read.Category);
    }
}
